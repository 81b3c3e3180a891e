//! What comes along when a person changes the page's language: each has a page of its own.

use serde::{Deserialize, Serialize};

use super::{Session, tour::Tour, trail::Trail};
use crate::protocol::{BUILD, from_bytes, to_bytes};

/// Everything that would be missed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Luggage {
    /// What makes the picture.
    pub session: Session,
    /// The tour that is under way.
    pub tour: Option<Tour>,
    /// The cells whose terms were followed.
    pub trail: Trail,
}

impl Luggage {
    /// As bytes, marked with this build.
    pub fn pack(&self) -> Vec<u8> {
        [BUILD.as_bytes(), &to_bytes(self)].concat()
    }

    /// From such bytes. `None` where they are broken, or of another build, which may read them as something else.
    pub fn unpack(bytes: &[u8]) -> Option<Self> {
        from_bytes(bytes.strip_prefix(BUILD.as_bytes())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::{Step, Theme, Zoom, tour::Stop};
    use crate::protocol::{CellRef, Setup, Span, Tensor};

    #[test]
    fn everything_arrives() {
        let cell = |tensor| CellRef { tensor, head: 1, row: 2, column: 0 };
        let mut session = Session {
            sentence: "Größe, “quoted” and 日本".to_owned(),
            setup: Setup {
                softcap: Some(2.5),
                painted: vec![(3, 1, false).into()],
                heads_off: vec![0],
                ..Setup::default()
            },
            before: Some(Setup::default()),
            step: Step::Scores,
            position: 0.123,
            head: 1,
            zoom: Zoom { keys: Span { first: 1, count: 2 }, ..Zoom::ALL },
            pinned: Some(cell(Tensor::Scores)),
            theme: Some(Theme::Dark),
            ..Session::default()
        };
        let mut trail = Trail::default();
        assert!(trail.follow(&mut session, cell(Tensor::Scores), cell(Tensor::Queries), 6));
        let mut tour = Tour::begin(&mut session);
        tour.go_to(Stop::Unscaled, &mut session);
        tour.answer(1, &mut session);
        let luggage = Luggage { session, tour: Some(tour), trail };
        assert_eq!(Luggage::unpack(&luggage.pack()), Some(luggage));
    }

    #[test]
    fn what_is_broken_or_old_is_left_behind() {
        let bytes = Luggage::default().pack();
        assert!(Luggage::unpack(&bytes).is_some());
        assert_eq!(Luggage::unpack(&[]), None);
        for end in 0..bytes.len() {
            assert_eq!(Luggage::unpack(&bytes[..end]), None, "{end} bytes of {}", bytes.len());
        }
        let old = [b"another build".as_slice(), &bytes[BUILD.len()..]].concat();
        assert_eq!(Luggage::unpack(&old), None);
    }
}
