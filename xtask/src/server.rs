//! A file server for `dist/`, to look at it and to test it: this machine only, compressed like any host would.

use crate::site::gzip;
use anyhow::{Context, Result, anyhow, bail};
use std::collections::HashMap;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;
use std::{fs, thread};
use tiny_http::{Header, Method, Request, Response};

/// Takes the port, 0 for any that is free.
pub fn listen(port: u16) -> Result<TcpListener> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            bail!("port {port} is taken; choose another, as in `cargo xtask serve --port {}`", port.wrapping_add(1))
        }
        Err(error) => Err(error).with_context(|| format!("could not listen on port {port}")),
    }
}

/// Serves the folder for as long as this program runs. Returns the address.
pub fn start(listener: TcpListener, folder: &Path) -> Result<String> {
    let url = format!("http://{}/", listener.local_addr()?);
    let server = tiny_http::Server::from_listener(listener, None).map_err(|error| anyhow!(error))?;
    let server = Arc::new(server);
    let site = Arc::new(Mutex::new(Site::read(folder)?));
    for _ in 0..4 {
        let (server, site) = (server.clone(), site.clone());
        thread::spawn(move || {
            while let Ok(request) = server.recv() {
                // A browser that hung up in the middle is no concern of ours.
                let _ = answer(request, &site);
            }
        });
    }
    Ok(url)
}

/// The folder's files, read and compressed once.
struct Site {
    folder: PathBuf,
    built: Option<SystemTime>,
    files: HashMap<String, Arc<File>>,
}

struct File {
    plain: Vec<u8>,
    gzip: Vec<u8>,
}

impl Site {
    fn read(folder: &Path) -> Result<Site> {
        let built = modified(folder);
        let mut files = HashMap::new();
        for entry in fs::read_dir(folder).with_context(|| format!("could not read {}", folder.display()))? {
            let entry = entry?;
            let plain = fs::read(entry.path())?;
            let gzip = gzip(&plain);
            files.insert(entry.file_name().to_string_lossy().into_owned(), Arc::new(File { plain, gzip }));
        }
        Ok(Site { folder: folder.to_path_buf(), built, files })
    }

    /// The file, of the newest build: `index.html` is written last.
    fn file(&mut self, name: &str) -> Option<Arc<File>> {
        if modified(&self.folder).is_some_and(|built| Some(built) != self.built)
            && let Ok(site) = Site::read(&self.folder)
        {
            *self = site;
        }
        self.files.get(name).cloned()
    }
}

fn modified(folder: &Path) -> Option<SystemTime> {
    fs::metadata(folder.join("index.html")).and_then(|metadata| metadata.modified()).ok()
}

fn answer(request: Request, site: &Mutex<Site>) -> std::io::Result<()> {
    let path = request.url().split(['?', '#']).next().unwrap_or_default();
    let name = if path == "/" { "index.html" } else { path.trim_start_matches('/') };
    let file = site.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).file(name);
    let (status, body, mut headers) = match file {
        _ if !matches!(request.method(), Method::Get | Method::Head) => (405, Vec::new(), vec![]),
        None => (404, format!("There is no {path} here.\n").into_bytes(), vec![("Content-Type", "text/plain")]),
        Some(file) => {
            let cache = if name == "index.html" { "no-cache" } else { "public, max-age=31536000, immutable" };
            let headers = vec![("Content-Type", content_type(name)), ("Cache-Control", cache)];
            let takes_gzip = |header: &Header| {
                header.field.equiv("Accept-Encoding") && header.value.as_str().to_ascii_lowercase().contains("gzip")
            };
            if request.headers().iter().any(takes_gzip) {
                (200, file.gzip.clone(), [headers, vec![("Content-Encoding", "gzip")]].concat())
            } else {
                (200, file.plain.clone(), headers)
            }
        }
    };
    headers.extend([("Vary", "Accept-Encoding"), ("X-Content-Type-Options", "nosniff")]);
    let mut response = Response::from_data(body).with_status_code(status).with_chunked_threshold(usize::MAX);
    for (name, value) in headers {
        response.add_header(Header::from_bytes(name, value).expect("our own headers are well formed"));
    }
    request.respond(response)
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}
