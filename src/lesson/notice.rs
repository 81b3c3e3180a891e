//! What a person should be told, from all that is wrong at the moment.

use super::{link::Unread, words};
use crate::protocol::{BUILD, LeftOut, Refusal};

/// All that is wrong, or worth knowing. Each of these stays until it is over, whatever happens to the others.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// The engine is in trouble, or the page.
    pub trouble: Option<Trouble>,
    /// The last input was refused.
    pub refusal: Option<Refusal>,
    /// What the shown run left out.
    pub left_out: LeftOut,
    /// Whether that is of files.
    pub is_given: bool,
    /// The engine that the address asks for and that there is none of.
    pub no_engine: Option<String>,
    /// What the address says that could not be read.
    pub link: Option<Unread>,
}

/// What happened to the engine, or to the page.
#[derive(Clone, Debug, PartialEq)]
pub enum Trouble {
    /// It is of this other build.
    WrongBuild(String),
    /// It died of this, and was started again.
    Died(String),
    /// It died of this once more, and is not running.
    DiedAgain(String),
    /// A part of the page's program could not be loaded.
    PartMissing,
}

/// What a person is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// In words.
    pub text: String,
    /// What can be done about it with one click.
    pub offer: Option<Offer>,
}

/// What a notice offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// Type the standard example.
    Example,
    /// Start the engine again.
    Restart,
}

impl Facts {
    /// Whether the picture is of an earlier input.
    pub fn is_stale(&self) -> bool {
        self.refusal.is_some() || matches!(self.trouble, Some(Trouble::WrongBuild(_) | Trouble::DiedAgain(_)))
    }

    /// What matters most: first what keeps the picture from following, then the rest.
    pub fn notice(&self) -> Option<Notice> {
        let tell = |text, offer| Some(Notice { text, offer });
        match (self, &self.trouble) {
            (_, Some(Trouble::WrongBuild(engine))) => tell(words::wrong_build(BUILD, engine), None),
            (_, Some(Trouble::DiedAgain(reason))) => tell(words::engine_died_again(reason), Some(Offer::Restart)),
            (Facts { refusal: Some(refusal), .. }, _) => {
                let is_empty = matches!(refusal, Refusal::NoTokens | Refusal::NoKeys);
                let offer = is_empty.then_some(Offer::Example);
                tell(words::refusal(refusal), offer)
            }
            (_, Some(Trouble::Died(reason))) => tell(words::engine_died(reason), None),
            (_, Some(Trouble::PartMissing)) => tell(words::page::PART_MISSING.to_owned(), None),
            (Facts { left_out, is_given: true, .. }, _) if left_out.sentences > 0 => {
                tell(words::given::left_out(left_out.sentences), None)
            }
            (Facts { left_out, .. }, _) if *left_out != LeftOut::default() => tell(words::left_out(*left_out), None),
            (Facts { no_engine: Some(name), .. }, _) => tell(words::no_engine(name), None),
            (Facts { link: Some(unread), .. }, _) => tell(words::unread_link(unread), None),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_wrong_is_nothing_to_tell() {
        assert_eq!(Facts::default().notice(), None);
        assert!(!Facts::default().is_stale());
    }

    #[test]
    fn what_is_mended_uncovers_what_is_still_wrong() {
        let mut facts = Facts {
            trouble: Some(Trouble::Died("it broke.".to_owned())),
            refusal: Some(Refusal::NoTokens),
            left_out: LeftOut { tokens: 3, sentences: 0 },
            is_given: false,
            no_engine: Some("gpu".to_owned()),
            link: Some(Unread { pairs: vec!["step=dance".to_owned()], more: 0, is_newer: false }),
        };
        let text = |facts: &Facts| facts.notice().expect("something is wrong").text;
        assert!(text(&facts).contains("nothing to calculate"));
        assert_eq!(facts.notice().and_then(|notice| notice.offer), Some(Offer::Example));
        assert!(facts.is_stale());
        facts.refusal = None;
        assert!(text(&facts).contains("it broke.") && !facts.is_stale());
        facts.trouble = None;
        assert!(text(&facts).contains("the last 3 were left out"));
        facts.left_out = LeftOut::default();
        assert!(text(&facts).contains("no engine “gpu”"));
        facts.no_engine = None;
        assert!(text(&facts).contains("step=dance"));
    }

    #[test]
    fn a_picture_that_no_engine_follows_is_stale() {
        for trouble in [Trouble::WrongBuild("0".to_owned()), Trouble::DiedAgain("it broke.".to_owned())] {
            let facts = Facts { trouble: Some(trouble), refusal: Some(Refusal::NoTokens), ..Facts::default() };
            assert!(facts.is_stale());
            assert!(facts.notice().is_some_and(|notice| !notice.text.contains("nothing to calculate")));
        }
    }
}
