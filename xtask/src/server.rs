//! A file server for `dist/`, to look at it and to test it: this machine only, compressed like any host would.

use crate::site::gzip;
use anyhow::{Context, Result, bail};
use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use std::{fs, thread};

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
    let site = Arc::new(Mutex::new(Site::read(folder)?));
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let site = site.clone();
            // One each, however many a browser keeps open: none waits for another to be closed.
            thread::spawn(move || {
                // A browser that hung up in the middle is no concern of ours.
                let _ = serve(stream, &site);
            });
        }
    });
    Ok(url)
}

/// Answers what comes on a connection, one after the other, until that is over.
fn serve(mut stream: TcpStream, site: &Mutex<Site>) -> io::Result<()> {
    const LONGEST_HEADER: usize = 64 << 10;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(300)))?;
    stream.set_write_timeout(Some(Duration::from_secs(60)))?;
    let mut received = Vec::new();
    loop {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut request = httparse::Request::new(&mut headers);
        let length = match request.parse(&received) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) if received.len() < LONGEST_HEADER => {
                let mut more = [0; 8192];
                let count = stream.read(&mut more)?;
                if count == 0 {
                    return Ok(());
                }
                received.extend_from_slice(&more[..count]);
                continue;
            }
            _ => {
                return stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            }
        };
        let says = |name: &str, what: &str| {
            let mut headers = request.headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name));
            headers.any(|header| String::from_utf8_lossy(header.value).to_ascii_lowercase().contains(what))
        };
        let (method, path) = (request.method.unwrap_or_default(), request.path.unwrap_or_default());
        // What comes with a body gets no second answer: nothing here reads one.
        let has_body = request.headers.iter().any(|header| header.name.eq_ignore_ascii_case("Content-Length"));
        let goes_on = request.version == Some(1) && !says("Connection", "close") && !has_body;
        let takes_gzip = says("Accept-Encoding", "gzip");
        let (head, body) = answer(method, path, takes_gzip, site);
        stream.write_all(head.as_bytes())?;
        if method != "HEAD" {
            stream.write_all(&body)?;
        }
        if !goes_on || !matches!(method, "GET" | "HEAD") {
            return Ok(());
        }
        received.drain(..length);
    }
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

/// The head and the body of the answer.
fn answer(method: &str, path: &str, takes_gzip: bool, site: &Mutex<Site>) -> (String, Vec<u8>) {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let name = if path == "/" { "index.html" } else { path.trim_start_matches('/') };
    let file = site.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).file(name);
    let (status, body, mut headers) = match file {
        _ if !matches!(method, "GET" | "HEAD") => ("405 Method Not Allowed", Vec::new(), vec![("Connection", "close")]),
        None => {
            let missing = format!("There is no {path} here.\n").into_bytes();
            ("404 Not Found", missing, vec![("Content-Type", "text/plain; charset=utf-8")])
        }
        Some(file) => {
            let cache = if name == "index.html" { "no-cache" } else { "public, max-age=31536000, immutable" };
            let headers = vec![("Content-Type", content_type(name)), ("Cache-Control", cache)];
            if takes_gzip {
                ("200 OK", file.gzip.clone(), [headers, vec![("Content-Encoding", "gzip")]].concat())
            } else {
                ("200 OK", file.plain.clone(), headers)
            }
        }
    };
    headers.extend([("Vary", "Accept-Encoding"), ("X-Content-Type-Options", "nosniff")]);
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    (format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n", body.len()), body)
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
