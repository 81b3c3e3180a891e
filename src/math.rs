//! The functions of f64 that a browser has: in wasm its own are called, because Rust's would be a fiftieth of what is
//! downloaded. Both are right but for the last place, far below the rounding to f32 that follows.

#[cfg(target_arch = "wasm32")]
pub use js_sys::Math::{cos, exp, log1p as ln_1p, pow, sin};

#[cfg(not(target_arch = "wasm32"))]
pub use native::{cos, exp, ln_1p, pow, sin};

#[cfg(not(target_arch = "wasm32"))]
mod native {
    /// `cos x`, of radians.
    pub fn cos(x: f64) -> f64 {
        x.cos()
    }

    /// `eˣ`.
    pub fn exp(x: f64) -> f64 {
        x.exp()
    }

    /// `ln(1 + x)`.
    pub fn ln_1p(x: f64) -> f64 {
        x.ln_1p()
    }

    /// `baseˣ`.
    pub fn pow(base: f64, x: f64) -> f64 {
        base.powf(x)
    }

    /// `sin x`, of radians.
    pub fn sin(x: f64) -> f64 {
        x.sin()
    }
}
