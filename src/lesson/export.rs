//! What a person takes along: which tensors, and under what name; and how a figure is made.

use super::{Session, Step, Theme, table, timeline};
use crate::protocol::{Format, Setup, Tensor};

/// Which tensors are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those that the step draws.
    Step,
    /// All that there are.
    All,
    /// One.
    One(Tensor),
}

impl Which {
    /// What can be chosen, of a run with this set-up.
    pub fn choices(setup: &Setup) -> Vec<Self> {
        let one = Tensor::ALL.into_iter().filter(|tensor| tensor.is_of(setup)).map(Self::One);
        [Self::Step, Self::All].into_iter().chain(one).collect()
    }

    /// The tensors, in the order in which they are made.
    pub fn tensors(self, session: &Session, setup: &Setup) -> Vec<Tensor> {
        let of_step = table::choices(session, setup);
        let is_wanted = |tensor: &Tensor| match self {
            Self::Step => of_step.contains(tensor),
            Self::All => true,
            Self::One(one) => one == *tensor,
        };
        Tensor::ALL.into_iter().filter(|tensor| tensor.is_of(setup)).filter(is_wanted).collect()
    }
}

/// What a file of these is called.
pub fn file_name(which: Which, tensors: &[Tensor], session: &Session, format: Format) -> String {
    let name = match (which, tensors) {
        (_, [one]) => one.name(),
        (Which::All, _) => "all",
        _ => session.step.name(),
    };
    ["headlight-", name, ".", format.extension(tensors.len())].concat()
}

/// How wide figures are in print, in millimetres, and where.
///
/// Sources, read in 2026: the guides to authors of Nature (89, 183), IEEE (3.5 and 7.16 inches), Elsevier (90, 140, 190), and the
/// style files of ACL (3.03 and 6.3 inches) and NeurIPS (5.5 inches).
pub const PRINTED: [(&str, f32); 9] = [
    ("ACL, 1 column", 77.0),
    ("ACL, 2 columns", 160.0),
    ("Elsevier, 1 column", 90.0),
    ("Elsevier, 2 columns", 190.0),
    ("IEEE, 1 column", 88.9),
    ("IEEE, 2 columns", 181.9),
    ("Nature, 1 column", 89.0),
    ("Nature, 2 columns", 183.0),
    ("NeurIPS, text", 139.7),
];

/// Dots to an inch that a picture of pixels can have: those of a screen, up to four times as many, and what print asks for.
pub const DOTS: [u32; 6] = [96, 192, 288, 384, 300, 600];

/// How many frames a second a film has.
pub const FRAMES_PER_SECOND: u16 = 20;

/// At which positions a film of a step shows it, one for each frame, as Play does at this speed.
pub fn frames(step: Step, speed: f64) -> impl ExactSizeIterator<Item = f64> {
    let frames = (timeline::seconds(step) / speed * f64::from(FRAMES_PER_SECOND)).ceil() as u32;
    (0..frames as usize + 1).map(move |frame| frame as f64 / f64::from(frames))
}

/// How long a film shows the finished step before it begins again, in milliseconds.
pub const HELD: u16 = (timeline::HOLD_SECONDS * 1000.0) as u16;

/// On what a figure stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// White.
    Light,
    /// Nearly black.
    Dark,
    /// Nothing: for what is light itself.
    None,
}

impl Ground {
    /// All, the usual one first.
    pub const ALL: [Self; 3] = [Self::Light, Self::Dark, Self::None];

    /// Which colours stand out from it.
    pub fn theme(self) -> Theme {
        if self == Self::Dark { Theme::Dark } else { Theme::Light }
    }
}

/// How a figure is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Print {
    /// How wide it is on paper.
    pub millimetres: f32,
    /// How large the tokens' labels are there.
    pub points: f32,
    /// Dots to an inch, of pixels.
    pub dots: u32,
    /// On what it stands.
    pub ground: Ground,
    /// Whether title, sentence, set-up and engine are written over and under it.
    pub is_captioned: bool,
}

impl Print {
    /// The least and most of what a person can ask for, in millimetres.
    pub const MILLIMETRES: (f32, f32) = (40.0, 1000.0);
    /// The same, in points.
    pub const POINTS: (f32, f32) = (4.0, 36.0);
    /// No browser makes larger pictures than this, in pixels.
    const MOST_PIXELS: f32 = 16_384.0;

    /// How many pixels there are to one of a figure's that is so wide and high.
    ///
    /// # Errors
    ///
    /// The picture's width and height in pixels, where they are more than browsers can make.
    pub fn pixels(&self, (width, height): (f32, f32)) -> Result<f32, (f32, f32)> {
        const INCH: f32 = 25.4;
        const MOST_IN_ALL: f32 = 120e6;
        let ratio = self.millimetres / INCH * self.dots as f32 / width;
        let (wide, high) = (width * ratio, height * ratio);
        let is_possible = wide.max(high) <= Self::MOST_PIXELS && wide * high <= MOST_IN_ALL;
        if is_possible { Ok(ratio) } else { Err((wide.round(), high.round())) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_has_the_tensors_that_it_draws_and_every_choice_has_some() {
        let mut session = Session::default();
        for step in Step::ALL {
            session.go_to(step);
            for is_cross in [false, true] {
                session.setup.is_cross = is_cross;
                let setup = session.setup.clone();
                for which in Which::choices(&setup) {
                    let tensors = which.tensors(&session, &setup);
                    assert!(!tensors.is_empty(), "{which:?} at {step:?}");
                    assert!(tensors.iter().all(|tensor| tensor.is_of(&setup)));
                }
            }
        }
        session.setup.is_cross = false;
        session.go_to(Step::Mix);
        let tensors = Which::Step.tensors(&session, &session.setup);
        assert_eq!(tensors, [Tensor::Values, Tensor::Weights, Tensor::Mixed]);
        assert_eq!(file_name(Which::Step, &tensors, &session, Format::Npy), "headlight-mix.npz");
        let one = Which::One(Tensor::Mixed);
        assert_eq!(file_name(one, &[Tensor::Mixed], &session, Format::Npy), "headlight-attended_values.npy");
        assert_eq!(file_name(Which::All, &Tensor::ALL, &session, Format::Csv), "headlight-all.zip");
    }

    #[test]
    fn a_film_shows_a_step_from_its_beginning_to_its_end() {
        for (step, speed, many) in [(Step::Tokens, 1.0, 51), (Step::Softmax, 2.0, 131), (Step::Scale, 0.5, 161)] {
            let frames: Vec<f64> = frames(step, speed).collect();
            assert_eq!((frames.len(), frames[0], frames[many - 1]), (many, 0.0, 1.0));
            assert!(frames.is_sorted());
        }
        assert_eq!(HELD, 1200);
    }

    #[test]
    fn a_picture_has_the_pixels_of_its_paper_or_is_too_large() {
        let print = Print { millimetres: 89.0, points: 7.0, dots: 300, ground: Ground::Light, is_captioned: true };
        let ratio = print.pixels((450.0, 300.0)).expect("it can be made");
        assert!((450.0 * ratio - 89.0 / 25.4 * 300.0).abs() < 0.01);
        let large = Print { millimetres: 1000.0, dots: 600, ..print };
        assert_eq!(large.pixels((500.0, 500.0)), Err((23622.0, 23622.0)));
        let high = Print { dots: 96, ..print };
        assert!(high.pixels((450.0, 30000.0)).is_err());
    }
}
