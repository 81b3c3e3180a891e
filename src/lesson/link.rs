//! Everything that makes the picture, as the fragment of an address: a link that is made today opens in later versions.
//!
//! `v=1&s=The+dog+barks&step=mask&mask=causal&cell=attention_weights.0.2.1`: pairs of name and value, like a form's. What is
//! as on a first visit is left out, so most links are short and can be read. Heads are counted from 1, as on the page; rows
//! and columns from 0, as in code.
//!
//! A name keeps its meaning for ever. A field that comes later has a new name, and means what was so before it came where
//! it is missing. What a later version writes and this one does not know is left out, and said to be.

use form_urlencoded::{Serializer, parse};

use super::{
    Arcs, HEAD_COUNTS, Plays, Projection, SPEEDS, Session, SharesMap, Sight, SignedMap, Step, Theme, WIDTHS, Zoom,
    limits,
    number::{exact, read as read_number},
    range::{Ends, Range},
    table::Part,
};
use crate::attention::Window;
use crate::embedding::Positions;
use crate::protocol::{CellRef, EngineChoice, MOST_TOKENS, Paint, Setup, Span, Tensor};

/// Of the way in which links are written. Whoever reads one of a later version says so.
const VERSION: u32 = 1;

/// What a link of this version is of where it says nothing else: a first visit, as it was when the first link was made. What
/// first visits show may change; this may not.
fn base() -> Session {
    Session {
        sentence: "The cat sat on the mat".to_owned(),
        second: "Le chat était assis sur le tapis".to_owned(),
        setup: base_setup(),
        before: None,
        engine: EngineChoice::Auto,
        step: Step::Softmax,
        position: 1.0,
        item: 0,
        head: 0,
        zoom: Zoom::ALL,
        projection: Projection::Queries,
        pinned: None,
        arcs: None,
        table: None,
        plays: Plays::This,
        speed: 1.0,
        theme: None,
        shares_map: SharesMap::Cividis,
        signed_map: SignedMap::Vik,
        range: Range::Lesson,
        sight: Sight::Own,
    }
}

fn base_setup() -> Setup {
    Setup {
        seed: 42,
        heads: 4,
        width: 64,
        positions: Positions::Sinusoidal,
        mask: Window::OPEN,
        padding: 0,
        painted: Vec::new(),
        is_scaled: true,
        temperature: 1.0,
        softcap: None,
        heads_off: Vec::new(),
        is_cross: false,
        given: None,
    }
}

/// One field of a link.
struct Field<T> {
    name: &'static str,
    write: fn(&T) -> String,
    /// `None` where the value makes no sense.
    read: fn(&mut T, &str) -> Option<()>,
}

/// The fragment of a link to this session, without `#`; empty where it is that of a first visit.
pub fn write(session: &Session) -> String {
    let (usual, mut pairs) = (base(), Serializer::new(String::new()));
    pairs.append_pair("v", &VERSION.to_string());
    let mut is_usual = true;
    let mut put = |name: &str, value: &str, usual: &str| {
        if value != usual {
            is_usual = false;
            pairs.append_pair(name, value);
        }
    };
    for Field { name, write, .. } in FIELDS {
        put(name, &write(session), &write(&usual));
    }
    for Field { name, write, .. } in SETUP {
        put(name, &write(&session.setup), &write(&usual.setup));
    }
    if let Some(before) = &session.before {
        put(BEFORE, "1", "");
        for Field { name, write, .. } in SETUP {
            put(&[BEFORE, ".", name].concat(), &write(before), &write(&usual.setup));
        }
    }
    if is_usual { String::new() } else { pairs.finish() }
}

/// The set-up that the stage compares with; its fields have this name before theirs.
const BEFORE: &str = "before";

/// A session that a link leads to.
#[derive(Clone, Debug, PartialEq)]
pub struct Opened {
    /// What could be read, over what a first visit shows.
    pub session: Session,
    /// The pairs that could not.
    pub unread: Vec<String>,
    /// Whether a later version wrote it.
    pub is_newer: bool,
}

impl Opened {
    /// What an address without a fragment leads to.
    pub fn first_visit() -> Self {
        Self { session: Session::default(), unread: Vec::new(), is_newer: false }
    }

    /// What should be said of it.
    pub fn trouble(&self) -> Option<Unread> {
        let Self { unread, is_newer, .. } = self;
        let few = unread.iter().take(Unread::MOST).map(|pair| pair.chars().take(Unread::LONGEST).collect());
        let more = unread.len().saturating_sub(Unread::MOST);
        (*is_newer || !unread.is_empty()).then(|| Unread { pairs: few.collect(), more, is_newer: *is_newer })
    }
}

impl Unread {
    /// So many are named, each with so many letters: whoever made the link may have put anything there.
    const MOST: usize = 3;
    const LONGEST: usize = 40;
}

/// What could not be read of a link.
#[derive(Clone, Debug, PartialEq)]
pub struct Unread {
    /// The first pairs, as they begin there.
    pub pairs: Vec<String>,
    /// How many more there are.
    pub more: usize,
    /// Whether a later version wrote it.
    pub is_newer: bool,
}

/// Reads the fragment of a link, with `#` or without. `None` where it is none: every link says of which version it is.
pub fn read(fragment: &str) -> Option<Opened> {
    let fragment = fragment.trim_start_matches('#');
    if !parse(fragment.as_bytes()).any(|(name, _)| name == "v") {
        return None;
    }
    let mut opened = Opened { session: base(), ..Opened::first_visit() };
    let session = &mut opened.session;
    for (name, value) in parse(fragment.as_bytes()) {
        let before = name.strip_prefix(BEFORE).and_then(|rest| rest.strip_prefix('.'));
        let field = FIELDS.iter().find(|field| field.name == name);
        let of_setup = |name: &str| SETUP.iter().find(|field| field.name == name);
        let read = if name == "v" {
            value.parse::<u32>().ok().map(|version| opened.is_newer = version > VERSION)
        } else if let Some(field) = field {
            (field.read)(session, &value)
        } else if let Some(field) = of_setup(&name) {
            (field.read)(&mut session.setup, &value)
        } else if name == BEFORE {
            session.before.get_or_insert_with(base_setup);
            Some(())
        } else {
            before
                .and_then(of_setup)
                .and_then(|field| (field.read)(session.before.get_or_insert_with(base_setup), &value))
        };
        if read.is_none() {
            opened.unread.push([&*name, "=", &value].concat());
        }
    }
    // What a head is of may stand after it.
    let last = session.setup.heads.max(1) - 1;
    session.head = session.head.min(last);
    session.pinned = session.pinned.filter(|cell| cell.head <= last);
    Some(opened)
}

const FIELDS: &[Field<Session>] = &[
    Field { name: "s", write: |it| it.sentence.clone(), read: |it, text| put(&mut it.sentence, Some(text.to_owned())) },
    Field {
        name: "second",
        write: |it| it.second.clone(),
        read: |it, text| put(&mut it.second, Some(text.to_owned())),
    },
    Field { name: "item", write: |it| from_one(it.item), read: |it, text| put(&mut it.item, to_zero(text)) },
    Field {
        name: "step",
        write: |it| it.step.name().to_owned(),
        read: |it, text| put(&mut it.step, Step::ALL.into_iter().find(|step| step.name() == text)),
    },
    Field {
        name: "at",
        write: |it| ((it.shown_position() * 1e4).round() as u32).to_string(),
        read: |it, text| {
            put(&mut it.position, number::<u32>(text).filter(|at| *at <= 10_000).map(|at| f64::from(at) / 1e4))
        },
    },
    Field { name: "head", write: |it| from_one(it.head), read: |it, text| put(&mut it.head, to_zero(text)) },
    Field {
        name: "of",
        write: |it| name_of(PROJECTIONS, it.projection),
        read: |it, text| put(&mut it.projection, named(PROJECTIONS, text)),
    },
    Field {
        name: "cell",
        write: |it| it.pinned.map(cell).unwrap_or_default(),
        read: |it, text| put(&mut it.pinned, read_cell(text).map(Some)),
    },
    Field {
        name: "zoom",
        write: |it| [it.zoom.queries, it.zoom.keys].map(span).join("-"),
        read: |it, text| {
            let (queries, keys) = text.split_once('-')?;
            put(&mut it.zoom, Some(Zoom { queries: read_span(queries)?, keys: read_span(keys)? }))
        },
    },
    Field {
        name: "arcs",
        write: |it| it.arcs.map(|arcs| name_of(ARCS, arcs)).unwrap_or_default(),
        read: |it, text| put(&mut it.arcs, named(ARCS, text).map(Some)),
    },
    Field {
        name: "table",
        write: |it| {
            it.table.map(|Part { tensor, row, column }| format!("{}.{row}.{column}", tensor.name())).unwrap_or_default()
        },
        read: |it, text| {
            let [tensor, row, column] = parts(text)?;
            put(
                &mut it.table,
                Some(Some(Part { tensor: read_tensor(tensor)?, row: number(row)?, column: number(column)? })),
            )
        },
    },
    Field {
        name: "speed",
        write: |it| exact(it.speed as f32),
        read: |it, text| put(&mut it.speed, read_number(text).map(f64::from).filter(|speed| SPEEDS.contains(speed))),
    },
    Field {
        name: "theme",
        write: |it| it.theme.map(|theme| name_of(THEMES, theme)).unwrap_or_default(),
        read: |it, text| put(&mut it.theme, named(THEMES, text).map(Some)),
    },
    Field {
        name: "shares",
        write: |it| name_of(SHARES, it.shares_map),
        read: |it, text| put(&mut it.shares_map, named(SHARES, text)),
    },
    Field {
        name: "signed",
        write: |it| name_of(SIGNED, it.signed_map),
        read: |it, text| put(&mut it.signed_map, named(SIGNED, text)),
    },
    Field {
        name: "range",
        write: |it| match it.range {
            Range::Lesson => String::new(),
            Range::Matrix => "matrix".to_owned(),
            Range::Step => "step".to_owned(),
            Range::Fixed(Ends { signed, shares }) => [exact(signed), exact(shares)].join("-"),
        },
        read: |it, text| {
            let range = match text {
                "matrix" => Range::Matrix,
                "step" => Range::Step,
                _ => {
                    let (signed, shares) = text.split_once('-')?;
                    Range::Fixed(Ends {
                        signed: between(signed, limits::SIGNED_END)?,
                        shares: between(shares, limits::SHARES_END)?,
                    })
                }
            };
            put(&mut it.range, Some(range))
        },
    },
    Field {
        name: "see",
        write: |it| name_of(SIGHTS, it.sight),
        read: |it, text| put(&mut it.sight, named(SIGHTS, text)),
    },
];

const SETUP: &[Field<Setup>] = &[
    Field { name: "cross", write: |it| flag(it.is_cross), read: |it, text| put(&mut it.is_cross, read_flag(text)) },
    Field {
        name: "seed",
        write: |it| it.seed.to_string(),
        read: |it, text| put(&mut it.seed, within(text, limits::SEED)),
    },
    Field {
        name: "heads",
        write: |it| it.heads.to_string(),
        read: |it, text| put(&mut it.heads, number(text).filter(|heads| HEAD_COUNTS.contains(heads))),
    },
    Field {
        name: "width",
        write: |it| it.width.to_string(),
        read: |it, text| put(&mut it.width, number(text).filter(|width| WIDTHS.contains(width))),
    },
    Field {
        name: "positions",
        write: |it| name_of(POSITIONS, it.positions),
        read: |it, text| put(&mut it.positions, named(POSITIONS, text)),
    },
    Field {
        name: "mask",
        write: |it| match it.mask {
            Window::OPEN => String::new(),
            Window::CAUSAL => "causal".to_owned(),
            Window { left, right } => {
                [left, right].map(|side| side.map_or("all".to_owned(), |side| side.to_string())).join("-")
            }
        },
        read: |it, text| {
            let side = |side: &str| {
                if side == "all" { Some(None) } else { within(side, limits::WINDOW).map(|side| Some(side as usize)) }
            };
            let window = if text == "causal" {
                Some(Window::CAUSAL)
            } else {
                text.split_once('-').and_then(|(left, right)| Some(Window { left: side(left)?, right: side(right)? }))
            };
            put(&mut it.mask, window)
        },
    },
    Field {
        name: "padding",
        write: |it| it.padding.to_string(),
        read: |it, text| put(&mut it.padding, within(text, limits::PADDING).map(|tokens| tokens as usize)),
    },
    Field { name: "hide", write: |it| paint(it, false), read: |it, text| read_paint(it, text, false) },
    Field { name: "show", write: |it| paint(it, true), read: |it, text| read_paint(it, text, true) },
    Field { name: "scaled", write: |it| flag(it.is_scaled), read: |it, text| put(&mut it.is_scaled, read_flag(text)) },
    Field {
        name: "temperature",
        write: |it| exact(it.temperature),
        read: |it, text| put(&mut it.temperature, between(text, limits::TEMPERATURE)),
    },
    Field {
        name: "softcap",
        write: |it| it.softcap.map(exact).unwrap_or_default(),
        read: |it, text| put(&mut it.softcap, between(text, limits::SOFTCAP).filter(|cap| *cap > 0.0).map(Some)),
    },
    Field {
        name: "off",
        write: |it| it.heads_off.iter().map(|head| from_one(*head)).collect::<Vec<_>>().join("-"),
        read: |it, text| {
            let heads = text.split('-').map(to_zero).collect::<Option<Vec<_>>>()?;
            let most = HEAD_COUNTS.into_iter().max()?;
            heads.into_iter().filter(|head| *head < most).for_each(|head| it.switch_head(head, false));
            Some(())
        },
    },
];

type Names<T> = &'static [(&'static str, T)];

const PROJECTIONS: Names<Projection> =
    &[("queries", Projection::Queries), ("keys", Projection::Keys), ("values", Projection::Values)];
const ARCS: Names<Arcs> = &[("word", Arcs::Word), ("all", Arcs::All)];
const THEMES: Names<Theme> = &[("light", Theme::Light), ("dark", Theme::Dark)];
const SHARES: Names<SharesMap> =
    &[("cividis", SharesMap::Cividis), ("viridis", SharesMap::Viridis), ("batlow", SharesMap::Batlow)];
const SIGNED: Names<SignedMap> = &[("vik", SignedMap::Vik), ("roma", SignedMap::Roma), ("broc", SignedMap::Broc)];
const SIGHTS: Names<Sight> = &[
    ("own", Sight::Own),
    ("protanopia", Sight::Protanopia),
    ("deuteranopia", Sight::Deuteranopia),
    ("tritanopia", Sight::Tritanopia),
    ("greyscale", Sight::Greyscale),
];
const POSITIONS: Names<Positions> = &[
    ("none", Positions::None),
    ("sinusoidal", Positions::Sinusoidal),
    ("rotary", Positions::Rotary),
    ("alibi", Positions::Alibi),
];

fn name_of<T: Copy + PartialEq>(names: Names<T>, value: T) -> String {
    names.iter().find(|(_, one)| *one == value).map(|(name, _)| (*name).to_owned()).unwrap_or_default()
}

fn named<T: Copy>(names: Names<T>, text: &str) -> Option<T> {
    names.iter().find(|(name, _)| *name == text).map(|(_, value)| *value)
}

fn put<T>(place: &mut T, value: Option<T>) -> Option<()> {
    *place = value?;
    Some(())
}

fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

/// A whole number that is no less and no more than these.
fn within(text: &str, (least, most): (f64, f64)) -> Option<u64> {
    number(text).filter(|number| (least as u64..=most as u64).contains(number))
}

fn between(text: &str, (least, most): (f64, f64)) -> Option<f32> {
    read_number(text).filter(|number| *number >= least as f32 && *number <= most as f32)
}

fn flag(is_on: bool) -> String {
    u8::from(is_on).to_string()
}

fn read_flag(text: &str) -> Option<bool> {
    match text {
        "0" => Some(false),
        "1" => Some(true),
        _ => None,
    }
}

fn from_one(index: usize) -> String {
    (index + 1).to_string()
}

fn to_zero(text: &str) -> Option<usize> {
    number::<usize>(text)?.checked_sub(1)
}

fn parts<const N: usize>(text: &str) -> Option<[&str; N]> {
    text.split('.').collect::<Vec<_>>().try_into().ok()
}

fn read_tensor(text: &str) -> Option<Tensor> {
    Tensor::ALL.into_iter().find(|tensor| tensor.name() == text)
}

/// `attention_weights.1.2.3`: tensor, head, row, column.
fn cell(CellRef { tensor, head, row, column }: CellRef) -> String {
    format!("{}.{}.{row}.{column}", tensor.name(), head + 1)
}

fn read_cell(text: &str) -> Option<CellRef> {
    let [tensor, head, row, column] = parts(text)?;
    Some(CellRef { tensor: read_tensor(tensor)?, head: to_zero(head)?, row: number(row)?, column: number(column)? })
}

/// `12.8`: from 12, 8 of them.
fn span(Span { first, count }: Span) -> String {
    if count == usize::MAX { "all".to_owned() } else { format!("{first}.{count}") }
}

fn read_span(text: &str) -> Option<Span> {
    if text == "all" {
        return Some(Span::ALL);
    }
    let [first, count] = parts(text)?;
    Some(Span { first: number(first)?, count: number::<usize>(count).filter(|count| *count > 0)? })
}

/// `0.3-1.2`: from the first query to the fourth key, from the second to the third.
fn paint(setup: &Setup, is_seen: bool) -> String {
    let cells = setup.painted.iter().filter(|paint| paint.is_seen == is_seen);
    cells.map(|Paint { query, key, .. }| format!("{query}.{key}")).collect::<Vec<_>>().join("-")
}

/// More than a person paints, and few enough to be put in order one by one.
const MOST_PAINTED: usize = 16_384;

fn read_paint(setup: &mut Setup, text: &str, is_seen: bool) -> Option<()> {
    for cell in text.split('-') {
        let [query, key] = parts(cell)?;
        let (query, key): (usize, usize) = (number(query)?, number(key)?);
        if query.max(key) >= MOST_TOKENS || setup.painted.len() >= MOST_PAINTED {
            return None;
        }
        let paint = Paint { query, key, is_seen };
        match setup.paint_at(query, key) {
            Ok(at) => setup.painted[at] = paint,
            Err(at) => setup.painted.insert(at, paint),
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sessions() -> Vec<Session> {
        let cell = CellRef { tensor: Tensor::Weights, head: 2, row: 3, column: 1 };
        let of = |change: &dyn Fn(&mut Session)| {
            let mut session = base();
            change(&mut session);
            session
        };
        vec![
            of(&|it| it.sentence = "Größe, “quoted” & 日本 = 100 %\nDogs bark #1".to_owned()),
            of(&|it| it.go_to(Step::Tokens)),
            of(&|it| (it.step, it.position) = (Step::Scores, 0.1234)),
            of(&|it| (it.head, it.pinned) = (2, Some(cell))),
            of(&|it| it.projection = Projection::Values),
            of(&|it| it.zoom = Zoom { queries: Span { first: 12, count: 8 }, keys: Span::ALL }),
            of(&|it| {
                (it.arcs, it.table) = (Some(Arcs::All), Some(Part { tensor: Tensor::Values, row: 0, column: 16 }))
            }),
            of(&|it| (it.theme, it.speed) = (Some(Theme::Dark), 2.0)),
            of(&|it| (it.shares_map, it.signed_map) = (SharesMap::Batlow, SignedMap::Broc)),
            of(&|it| it.range = Range::Fixed(Ends { signed: 2.5, shares: 0.3 })),
            of(&|it| (it.range, it.sight) = (Range::Step, Sight::Tritanopia)),
            of(&|it| (it.setup.seed, it.setup.heads, it.setup.width) = (4_294_967_295, 8, 128)),
            of(&|it| (it.setup.positions, it.setup.mask) = (Positions::Rotary, Window::CAUSAL)),
            of(&|it| it.setup.mask = Window { left: Some(2), right: None }),
            of(&|it| (it.sentence, it.setup.padding, it.item) = ("The cat sat\nDogs bark".to_owned(), 3, 1)),
            of(&|it| it.setup.painted = vec![(0, 3, false).into(), (1, 1, true).into(), (1, 2, false).into()]),
            of(&|it| (it.setup.is_scaled, it.setup.temperature) = (false, 0.1)),
            of(&|it| (it.setup.softcap, it.setup.heads_off) = (Some(2.5), vec![0, 3])),
            of(&|it| (it.setup.is_cross, it.second) = (true, "Der Hund".to_owned())),
            of(&|it| {
                it.setup.mask = Window::CAUSAL;
                it.before = Some(Setup { seed: 7, ..base_setup() });
            }),
        ]
    }

    #[test]
    fn every_link_leads_back_to_its_session() {
        for session in sessions() {
            let link = write(&session);
            let opened = read(&link).expect("there is something to read");
            assert_eq!(opened, Opened { session, unread: Vec::new(), is_newer: false }, "{link}");
            assert!(link.is_ascii() && !link.contains([' ', '"', '<', '>']), "{link}");
        }
    }

    #[test]
    fn what_is_usual_is_not_written() {
        assert_eq!(write(&Session::default()), "");
        assert_eq!(read(""), None);
        // Places on the page are no links.
        for fragment in ["#", "#stage", "#s=Hi"] {
            assert_eq!(read(fragment), None, "{fragment}");
        }
        assert_eq!(read("v=1").expect("a link").session, base());
        let mut session = Session { sentence: "The dog barks".to_owned(), ..Session::default() };
        session.go_to(Step::Mask);
        assert_eq!(write(&session), "v=1&s=The+dog+barks&step=mask");
    }

    /// These were made by the first version that made any. They must open for ever, as they do now.
    #[test]
    fn old_links_open() {
        let links = include_str!("../../tests/data/links.txt");
        let mut count = 0;
        for (link, session) in links.lines().filter(|line| !line.starts_with("//")).zip(sessions()) {
            assert_eq!(read(link), Some(Opened { session, unread: Vec::new(), is_newer: false }), "{link}");
            count += 1;
        }
        assert_eq!(count, 20);
    }

    #[test]
    fn what_makes_no_sense_is_left_out_and_said_to_be() {
        let opened =
            read("#v=2&s=Hi&step=dance&head=0&head=9&cell=weights&temperature=-1&temperature=NaN&later=1&mask=2&seed&heads=0&heads=1000000&width=7&padding=65&temperature=x00300000&hide=9.9999999&softcap=0")
                .expect("there is something");
        assert!(opened.is_newer);
        assert_eq!(opened.session.sentence, "Hi");
        assert_eq!(opened.session.head, 3, "the last that there is");
        let unread = [
            "step=dance",
            "head=0",
            "cell=weights",
            "temperature=-1",
            "temperature=NaN",
            "later=1",
            "mask=2",
            "seed=",
            "heads=0",
            "heads=1000000",
            "width=7",
            "padding=65",
            "temperature=x00300000",
            "hide=9.9999999",
            "softcap=0",
        ];
        assert_eq!(opened.unread, unread);
        assert_eq!(opened.session.setup, base_setup());
    }

    #[test]
    fn anything_can_be_read_without_harm() {
        for text in
            ["%", "%zz", "&&&", "=", "==&=", "v", "\u{0}", "s=%ff%fe", "zoom=1.0-all", "hide=1", "off=-", "at=10001"]
        {
            let link = ["v=1&", text].concat();
            assert!(read(&link).is_some_and(|opened| opened.session.setup == base_setup()), "{text}");
        }
    }
}
