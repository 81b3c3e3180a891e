//! The nine steps: what each draws, what it says, and how it explains a cell. No browser.
//!
//! A frame is a pure function: [`picture::picture`] of the run's data, the session and the view.

pub mod claim;
pub mod code;
pub mod explain;
pub mod export;
pub mod given;
pub mod glossary;
pub mod light;
pub mod link;
pub mod luggage;
mod mathml;
pub mod notice;
pub mod number;
pub mod picture;
pub mod range;
pub mod scene;
mod session;
pub mod spot;
mod step;
pub mod table;
pub mod theme;
pub mod timeline;
pub mod tour;
pub mod trail;
#[cfg(all(test, not(feature = "german")))]
mod translated;
/// In the language that the page is built in: what is not translated does not compile.
#[cfg_attr(feature = "german", path = "words_de/mod.rs")]
pub mod words;
#[cfg(all(test, not(feature = "german")))]
#[allow(dead_code, reason = "the page has its own words; the tests compare some of these with them")]
mod words_de;
mod zoom;

pub use session::{
    Arcs, HEAD_COUNTS, Plays, Projection, SECOND_EXAMPLE, SPEEDS, STANDARD_EXAMPLE, Session, SharesMap, Sight,
    SignedMap, Theme, WIDTHS, limits,
};
pub use step::Step;
pub use zoom::Zoom;
