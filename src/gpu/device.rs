//! Opens a GPU, watches over it, and notices when it is gone.

use std::sync::{Arc, OnceLock};

use futures_channel::oneshot;

use super::Error;

/// An open GPU with the default limits of WebGPU, which every adapter has to offer.
///
/// A clone is the same device.
#[derive(Clone, Debug)]
pub struct Device {
    pub(super) handle: wgpu::Device,
    pub(super) queue: wgpu::Queue,
    adapter_name: String,
    /// What put an end to this device, if anything did.
    fault: Arc<OnceLock<Error>>,
}

impl Device {
    /// Opens the adapter that the browser or the machine prefers; a software adapter will do.
    ///
    /// Natively `WGPU_BACKEND` (`vulkan`, `metal`, `dx12`) and `WGPU_ADAPTER_NAME` (a part of the name) choose.
    ///
    /// # Errors
    /// [`Error::NoAdapter`], [`Error::DeviceRefused`].
    pub async fn open() -> Result<Self, Error> {
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle_from_env());
        let adapter = open_adapter(&instance).await?;
        let (handle, queue) = adapter
            .request_device(&wgpu::DeviceDescriptor {
                // To time kernels, where there is a clock.
                required_features: adapter.features() & wgpu::Features::TIMESTAMP_QUERY,
                ..wgpu::DeviceDescriptor::default()
            })
            .await
            .map_err(|refusal| Error::DeviceRefused(refusal.to_string()))?;
        let fault = Arc::new(OnceLock::new());
        let lost = Arc::clone(&fault);
        handle.set_device_lost_callback(move |reason, message| {
            lost.get_or_init(|| Error::Lost(if message.is_empty() { format!("{reason:?}") } else { message }));
        });
        let failed = Arc::clone(&fault);
        handle.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            failed.get_or_init(|| Error::from(error));
        }));
        let adapter_name = name_adapter(&adapter, &handle);
        Ok(Self { handle, queue, adapter_name, fault })
    }

    /// The adapter's name, for people: "llvmpipe (LLVM 15.0.6, 256 bits)", "google swiftshader".
    pub fn adapter_name(&self) -> &str {
        &self.adapter_name
    }

    /// Gives the device up, as if it had been lost: every run from now on, and one under way, is [`Error::Lost`].
    pub fn destroy(&self) {
        self.lost("it was given up");
        self.handle.destroy();
    }

    /// What put an end to this device, if anything did.
    pub(super) fn check(&self) -> Result<(), Error> {
        self.fault.get().map_or(Ok(()), |fault| Err(fault.clone()))
    }

    /// From here on, errors of the GPU are kept for [`Watch::finish`].
    pub(super) fn watch(&self) -> Watch {
        let internal = self.handle.push_error_scope(wgpu::ErrorFilter::Internal);
        let validation = self.handle.push_error_scope(wgpu::ErrorFilter::Validation);
        let memory = self.handle.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        Watch { device: self.clone(), memory, validation, internal }
    }

    /// Submits the commands and waits until the first `bytes` of the staging buffer can be read.
    pub(super) async fn submit(
        &self,
        watch: Watch,
        encoder: wgpu::CommandEncoder,
        staging: &wgpu::Buffer,
        bytes: u64,
    ) -> Result<(), Error> {
        self.queue.submit([encoder.finish()]);
        let (sender, mapped) = oneshot::channel();
        staging.slice(..bytes).map_async(wgpu::MapMode::Read, move |result| {
            // A run that was dropped listens no more, and that is fine.
            let _ = sender.send(result);
        });
        let found = watch.finish();
        // Natively this waits for the GPU and calls back; in a browser it does nothing, and the event loop calls back.
        let polled = self.handle.poll(wgpu::PollType::wait_indefinitely());
        found.await?;
        if let Err(timeout) = polled {
            return Err(self.lost(&timeout.to_string()));
        }
        match mapped.await {
            Ok(Ok(())) => self.check(),
            Ok(Err(_)) | Err(oneshot::Canceled) => Err(self.lost("its memory cannot be read any more")),
        }
    }

    /// Records the loss, unless the reason is known already; returns what is recorded.
    pub(super) fn lost(&self, reason: &str) -> Error {
        self.fault.get_or_init(|| Error::Lost(reason.to_owned())).clone()
    }
}

/// Error scopes around a piece of work. They are in the order in which they have to be closed.
pub(super) struct Watch {
    device: Device,
    memory: wgpu::ErrorScopeGuard,
    validation: wgpu::ErrorScopeGuard,
    internal: wgpu::ErrorScopeGuard,
}

impl Watch {
    /// Ends the watch now, and tells what it saw when awaited.
    pub(super) fn finish(self) -> impl Future<Output = Result<(), Error>> {
        // Memory first: what does not fit makes everything built on it invalid.
        let scopes = [self.memory.pop(), self.validation.pop(), self.internal.pop()];
        async move {
            for scope in scopes {
                if let Some(error) = scope.await {
                    // On a lost device everything is invalid; the loss is the reason to give.
                    self.device.check()?;
                    return Err(error.into());
                }
            }
            Ok(())
        }
    }
}

#[cfg(target_arch = "wasm32")]
async fn open_adapter(instance: &wgpu::Instance) -> Result<wgpu::Adapter, Error> {
    instance.request_adapter(&wgpu::RequestAdapterOptions::default()).await.map_err(|_| Error::no_adapter())
}

#[cfg(not(target_arch = "wasm32"))]
async fn open_adapter(instance: &wgpu::Instance) -> Result<wgpu::Adapter, Error> {
    let Ok(wanted) = std::env::var("WGPU_ADAPTER_NAME") else {
        let adapter = instance.request_adapter(&wgpu::RequestAdapterOptions::default()).await;
        return adapter.map_err(|reason| Error::NoAdapter(reason.to_string()));
    };
    let adapters = instance.enumerate_adapters(wgpu::Backends::all()).await;
    let names: Vec<String> = adapters.iter().map(|adapter| adapter.get_info().name).collect();
    let matches = |name: &String| name.to_lowercase().contains(&wanted.to_lowercase());
    names.iter().position(matches).and_then(|index| adapters.into_iter().nth(index)).ok_or_else(|| {
        Error::NoAdapter(format!("WGPU_ADAPTER_NAME asks for {wanted:?}, and there is only {}", names.join(", ")))
    })
}

#[cfg(not(target_arch = "wasm32"))]
fn name_adapter(adapter: &wgpu::Adapter, _: &wgpu::Device) -> String {
    adapter.get_info().name
}

/// A browser tells what it wants to in `GPUAdapterInfo`, and wgpu passes on the description alone, which is mostly
/// empty; hence `GPUDevice.adapterInfo`, which older browsers do not have.
#[cfg(target_arch = "wasm32")]
fn name_adapter(_: &wgpu::Adapter, device: &wgpu::Device) -> String {
    let get = |object: &wasm_bindgen::JsValue, key: &str| js_sys::Reflect::get(object, &key.into()).ok();
    let info = device.as_webgpu().and_then(|device| get(device.as_ref(), "adapterInfo"));
    let field = |key| info.as_ref().and_then(|info| get(info, key)?.as_string()).filter(|text| !text.is_empty());
    field("description").unwrap_or_else(|| {
        let parts: Vec<String> = ["vendor", "architecture", "device"].into_iter().filter_map(field).collect();
        if parts.is_empty() { "WebGPU".to_owned() } else { parts.join(" ") }
    })
}

impl From<wgpu::Error> for Error {
    fn from(error: wgpu::Error) -> Self {
        match error {
            wgpu::Error::OutOfMemory { .. } => Error::OutOfMemory,
            wgpu::Error::Validation { description, .. } | wgpu::Error::Internal { description, .. } => {
                Error::Failed(description)
            }
        }
    }
}
