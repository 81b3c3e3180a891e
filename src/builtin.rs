//! What a browser has already: in wasm its own is called, because Rust's, with the tables, would be a thirtieth of what is
//! downloaded. Numbers are right but for the last place of f64, far below the rounding to f32 that follows.

#[cfg(target_arch = "wasm32")]
pub use browser::lower_case;
#[cfg(target_arch = "wasm32")]
pub use js_sys::Math::{cos, exp, log1p as ln_1p, pow, sin, tanh};
#[cfg(not(target_arch = "wasm32"))]
pub use native::{cos, exp, ln_1p, lower_case, pow, sin, tanh};

#[cfg(target_arch = "wasm32")]
mod browser {
    /// Unicode's lower case, of any language.
    pub fn lower_case(text: &str) -> String {
        js_sys::JsString::from(text).to_lower_case().into()
    }
}

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

    /// Unicode's lower case, of any language.
    pub fn lower_case(text: &str) -> String {
        text.to_lowercase()
    }

    /// `baseˣ`.
    pub fn pow(base: f64, x: f64) -> f64 {
        base.powf(x)
    }

    /// `sin x`, of radians.
    pub fn sin(x: f64) -> f64 {
        x.sin()
    }

    /// The hyperbolic tangent.
    pub fn tanh(x: f64) -> f64 {
        x.tanh()
    }
}
