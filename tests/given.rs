//! Runs that begin with tensors out of files, against what PyTorch makes of the same, on both engines.

#[path = "common/engine.rs"]
mod engine;

use std::cell::Cell;
use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::pin::Pin;
use std::rc::Rc;

use engine::{ask, on_cpu, on_gpu, whole};
use headlight::attention::Window;
use headlight::engine::Engine;
use headlight::files::{
    GoesOn,
    read::{Held, Source, contents},
};
use headlight::lesson::{
    Session,
    explain::{Context, Explanation, explain, what_was_given},
    given::Offer,
    scene::{self, Data},
};
use headlight::protocol::{
    Axes, CellRef, FromFile, LeftOut, Matrix, Refusal, Reply, Request, Role, Run, Setup, Tensor,
};
use pollster::block_on;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/given").join(name)
}

fn bytes(name: &str) -> Vec<u8> {
    fs::read(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn always() -> Rc<GoesOn> {
    Rc::new(|_, _| -> Pin<Box<dyn Future<Output = bool>>> { Box::pin(async { true }) })
}

/// Hands files to an engine, and guesses.
fn look(engine: &mut Engine, names: &[&str]) -> Offer {
    let held = Held::new(names.iter().map(|name| ((*name).to_owned(), bytes(name))));
    let Reply::Found { look, files } = engine.take_files(1, Rc::new(held), always()) else { panic!("it found") };
    Offer::guess(look, files)
}

fn set_up(offer: &Offer, layer: usize) -> Setup {
    let mut session = Session::default();
    assert_eq!(offer.show(layer, &mut session), Ok(()));
    session.setup
}

/// All matrices that there are, of all heads and sentences.
fn run(engine: &mut Engine, setup: &Setup) -> Run {
    let slices = Tensor::ALL.into_iter().filter(|tensor| tensor.is_of(setup)).flat_map(|tensor| {
        let heads = if tensor.has_heads() { setup.heads } else { 1 };
        (0..heads)
            .flat_map(move |head| (0..2).map(move |item| headlight::protocol::Slice { item, ..whole(tensor, head) }))
    });
    match request(engine, setup, slices.collect()) {
        Reply::Ran(run) => run,
        other => panic!("{other:?}"),
    }
}

fn request(engine: &mut Engine, setup: &Setup, slices: Vec<headlight::protocol::Slice>) -> Reply {
    let (sentence, second) = (String::new(), String::new());
    let asked = Request::Run { run: 1, sentence, second, setup: setup.clone(), before: None, slices };
    ask(engine, asked).expect("a run is always answered")
}

fn matrix(run: &Run, tensor: Tensor, head: usize, item: usize) -> &Matrix {
    let is_it = |slice: &headlight::protocol::Slice| (slice.tensor, slice.head, slice.item) == (tensor, head, item);
    &run.slices.iter().find(|(slice, _)| is_it(slice)).unwrap_or_else(|| panic!("{tensor:?} {head} {item}")).1
}

/// The numbers of a tensor in a file of what is expected.
fn expected(file: &str, name: &str) -> Vec<f32> {
    let bytes = bytes(file);
    let entries = contents(file, &bytes).expect("it is whole");
    let entry = entries.iter().find(|entry| entry.name == name).expect("it is there");
    block_on(entry.numbers(&bytes, 0..entry.count(), &mut async |_, _| std::ops::ControlFlow::Continue(())))
        .expect("read")
}

fn close(ours: &[f32], theirs: &[f32], what: &str) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    for (ours, theirs) in ours.iter().zip(theirs) {
        assert!((ours - theirs).abs() <= 2e-6 * theirs.abs().max(1.0), "{what}: {ours} and {theirs}");
    }
}

fn on_both(test: impl Fn(&mut Engine)) {
    test(&mut on_cpu());
    test(&mut on_gpu());
}

#[test]
fn queries_keys_and_values_attend_as_in_pytorch() {
    on_both(|engine| {
        let offer = look(engine, &["qkv.npz"]);
        let setup = set_up(&offer, 0);
        assert_eq!((setup.heads, setup.width, setup.is_cross), (4, 32, true));
        let run = run(engine, &setup);
        assert_eq!((run.batch.len(), run.left_out, &run.setup), (2, LeftOut::default(), &setup));
        let texts: Vec<&str> = run.batch[1].tokens.iter().map(|token| token.text.as_str()).collect();
        assert_eq!(texts, ["The", "cat", "sat", "on", "the", "mat"]);
        assert_eq!(run.batch[0].keys.iter().map(|token| token.text.as_str()).collect::<String>(), "01234");
        let (z, a) = (expected("qkv_expected.safetensors", "z"), expected("qkv_expected.safetensors", "a"));
        let keys = expected("qkv.npz", "keys");
        for (item, head) in [(0, 0), (0, 3), (1, 0), (1, 2)] {
            let plane = item * 4 + head;
            close(&matrix(&run, Tensor::Mixed, head, item).values, &z[plane * 48..][..48], "Z");
            close(&matrix(&run, Tensor::Weights, head, item).values, &a[plane * 30..][..30], "A");
            // Two query heads share a key head.
            let shared = item * 2 + head / 2;
            assert_eq!(matrix(&run, Tensor::Keys, head, item).values, keys[shared * 40..][..40]);
        }
    });
}

#[test]
fn tokens_may_come_before_heads_and_numbers_in_any_type() {
    let engine = &mut on_cpu();
    let offer = Offer { axes: Axes::TokensFirst, ..look(engine, &["flash.safetensors"]) };
    let flash = run(engine, &set_up(&offer, 0));
    let z = expected("qkv_expected.safetensors", "z");
    for (ours, theirs) in matrix(&flash, Tensor::Mixed, 3, 1).values.iter().zip(&z[7 * 48..]) {
        // Queries, keys and values were rounded to half precision.
        assert!((ours - theirs).abs() < 5e-3, "{ours} and {theirs}");
    }
    let offer = look(engine, &["q.npy", "k.npy", "v.npy"]);
    let one = run(engine, &set_up(&offer, 0));
    assert_eq!((one.setup.heads, one.batch.len()), (1, 1));
    close(&matrix(&one, Tensor::Mixed, 0, 0).values, &z[..48], "Z of one head");
}

#[test]
fn weights_alone_are_shown_as_they_are() {
    let layers = expected("attentions.npz", "attentions");
    for file in ["attentions.safetensors", "attentions.npz"] {
        let engine = &mut on_cpu();
        let offer = look(engine, &[file]);
        for layer in 0..3 {
            let setup = set_up(&offer, layer);
            let shown = run(engine, &setup);
            for head in 0..4 {
                let weights = matrix(&shown, Tensor::Weights, head, 0);
                assert_eq!(
                    weights.values,
                    layers[(layer * 4 + head) * 36..][..36],
                    "{file}, layer {layer}, head {head}"
                );
            }
            assert!(matrix(&shown, Tensor::RowSums, 1, 0).values.iter().all(|sum| (sum - 1.0).abs() < 1e-6));
            // A layer that there is not is the last.
            assert_eq!(set_up(&offer, layer + 7).given.expect("it was given").layer, 2);
        }
    }
    let engine = &mut on_cpu();
    let offer = look(engine, &["weights.json"]);
    let shown = run(engine, &set_up(&offer, 0));
    assert_eq!((shown.setup.heads, shown.batch[0].tokens[5].text.as_str()), (1, "mat"));
}

#[test]
fn a_block_of_pytorchs_is_calculated_from_x_on() {
    on_both(|engine| {
        let mut offer = look(engine, &["block.safetensors"]);
        assert_eq!(offer.heads, 8);
        offer.heads = 4;
        let run = run(engine, &set_up(&offer, 0));
        let y = expected("block_expected.safetensors", "y");
        for item in 0..2 {
            close(&matrix(&run, Tensor::Output, 0, item).values, &y[item * 96..][..96], "Y");
        }
        // With biases, and keys and values of other tokens.
        let mut offer = look(engine, &["biased.safetensors"]);
        offer.heads = 4;
        let run = self::run(engine, &set_up(&offer, 0));
        assert_eq!((run.batch[0].tokens.len(), run.batch[0].keys.len()), (6, 5));
        let y = expected("biased_expected.safetensors", "y");
        for item in 0..2 {
            close(&matrix(&run, Tensor::Output, 0, item).values, &y[item * 96..][..96], "Y with biases");
        }
    });
}

#[test]
fn numbers_out_of_files_are_read_again_and_what_follows_is_explained() {
    let engine = &mut on_cpu();
    for files in [
        &["qkv.npz"][..],
        &["flash.safetensors"],
        &["attentions.npz"],
        &["block.safetensors"],
        &["biased.safetensors"],
        &["q.npy", "k.npy", "v.npy"],
    ] {
        let mut offer = look(engine, files);
        offer.heads = 4;
        if files[0].starts_with("flash") {
            offer.axes = Axes::TokensFirst;
        }
        let setup = set_up(&offer, 2);
        let run = run(engine, &setup);
        for tensor in Tensor::ALL.into_iter().filter(|tensor| tensor.is_of(&setup)) {
            let (rows, columns) = tensor.shape(run.batch[0].lengths(), &setup);
            for (row, column, item) in
                [(0, 0, 0), (rows - 1, columns - 1, run.batch.len() - 1), (rows / 2, columns / 3, 0)]
            {
                let head = scene::head_of(tensor, setup.heads - 1);
                let cell = CellRef { tensor, head, row, column };
                let reply = ask(engine, Request::Explain { run: 1, item, cell });
                let Some(Reply::Operands { operands, .. }) = reply else { panic!("{files:?} {cell:?}: {reply:?}") };
                let explained = explain(&operands, Context::of(&run.batch[item], &setup));
                assert!(explained.check.holds, "{files:?} {cell:?}: {}", explained.check.text);
                let is_projected = matches!(tensor, Tensor::Queries | Tensor::Keys | Tensor::Values | Tensor::Output);
                if files[0].starts_with("biased") && is_projected {
                    let bias = explained.terms.iter().find(|term| term.cells[0] == "bias").expect("one is a bias");
                    assert_eq!((bias.cells[1].as_str(), bias.origins.len()), ("1.000", 0));
                    assert_eq!(explained.terms.len(), setup.width + 1);
                    assert!(explained.formula.contains("<mi>b</mi>"), "{}", explained.formula);
                }
                if let Some(from) = operands.from {
                    assert_eq!(number_at(&offer, &from), operands.value, "{from:?}");
                    assert!(explained.why.contains(&from.name) && explained.why.contains(&from.dtype));
                } else {
                    assert!(!tensor.is_given(&setup), "{tensor:?}");
                }
            }
        }
        match ask(engine, Request::Check { run: 1 }) {
            // Nothing was calculated.
            None => assert!(files[0].starts_with("attentions")),
            Some(Reply::Checked(check)) => {
                assert!(check.stages.iter().all(|stage| stage.largest <= stage.allowed()), "{check:?}");
            }
            other => panic!("{other:?}"),
        }
    }
}

/// The number that stands there in the file, found without the engine.
fn number_at(offer: &Offer, from: &FromFile) -> f32 {
    let (file, tensor) = from.name.split_once(": ").unwrap_or((&from.name, ""));
    assert!(offer.files.iter().any(|found| found.name == file), "{from:?}");
    let bytes = bytes(file);
    let entries = contents(file, &bytes).expect("it is whole");
    let entry = entries.iter().find(|entry| tensor.is_empty() || entry.name == tensor).expect("it is there");
    assert_eq!(from.index.len(), entry.shape.len());
    let at = from.index.iter().zip(&entry.shape).fold(0, |at, (index, length)| at * length + index) as u64;
    let mut goes_on = async |_, _| std::ops::ControlFlow::Continue(());
    block_on(entry.numbers(&bytes, at..at + 1, &mut goes_on)).expect("read")[0]
}

/// Attention weights from a text in JSON, at the step that shows them.
fn weights_shown(json: &str) -> (Session, Data, Vec<Explanation>) {
    let engine = &mut on_cpu();
    let held = Held::new([("attn.json".to_owned(), json.as_bytes().to_vec())]);
    let Reply::Found { look, files } = engine.take_files(1, Rc::new(held), always()) else { panic!("it found") };
    let mut session = Session::default();
    assert_eq!(Offer::guess(look, files).show(0, &mut session), Ok(()));
    let slices = scene::wanted(&session, &session.setup, None);
    let Reply::Ran(run) = request(engine, &session.setup, slices) else { panic!("a run") };
    let data = Data::new(run, (0, session.zoom));
    let rows = 0..data.tokens().len();
    let explained = rows.map(|row| {
        let cell = CellRef { tensor: Tensor::RowSums, head: 0, row, column: 0 };
        let reply = ask(engine, Request::Explain { run: 1, item: 0, cell });
        let Some(Reply::Operands { operands, .. }) = reply else { panic!("{reply:?}") };
        explain(&operands, data.context())
    });
    let explained = explained.collect();
    (session, data, explained)
}

#[test]
fn of_weights_that_are_no_shares_it_is_said_and_nobody_is_blamed() {
    let said = |json: &str| {
        let (session, data, explained) = weights_shown(json);
        (what_was_given(&session, &data).expect("of weights something is said"), explained)
    };
    let (whole, rows) = said("[[[0.5, 0.5], [0.25, 0.75]]]");
    assert!(whole.contains("it sums to 1."), "{whole}");
    assert!(rows.iter().all(|row| row.check.holds && row.why.starts_with("They make 1: one token’s")));
    // As half precision rounds.
    let (rounded, rows) = said("[[[0.4999, 0.5], [0.25, 0.75]]]");
    assert!(rounded.ends_with("it sums to 1, as nearly as numbers of few digits do."), "{rounded}");
    assert!(rows[0].check.holds && rows[0].why.starts_with("They make 0.999900: 1, as nearly"), "{}", rows[0].why);
    assert_eq!(rows[0].value, "0.999900");
    let (other, rows) = said("[[[0.5, 0.7], [0, 0]]]");
    assert!(other.ends_with("not all of these do: they sum to 0.000 to 1.200."), "{other}");
    assert!(rows[0].check.holds && rows[0].why.contains("They make 1.200000, and shares of attention make 1."));
    assert!(!rows[1].why.contains("has the most"), "{}", rows[1].why);
    let (scores, rows) = said("[[[-0.5, 2.5], [3.0, 0.1]]]");
    assert!(scores.contains("reach from −0.500 to 3.000") && scores.contains("take the softmax"), "{scores}");
    for row in rows {
        assert!(!row.check.text.contains("report") && !row.why.contains("exponential"), "{}", row.why);
    }
}

#[test]
fn what_cannot_be_attended_with_is_refused() {
    let engine = &mut on_cpu();
    let offer = look(engine, &["qkv.npz"]);
    let setup = set_up(&offer, 0);
    // The files were changed for others.
    look(engine, &["attentions.npz"]);
    let given = setup.given.clone().expect("it was given");
    let stale = Setup { given: Some(Box::new(headlight::protocol::Given { look: 9, ..*given })), ..setup };
    let refused = |reply| match reply {
        Reply::Refused { refusal, .. } => refusal,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(request(engine, &stale, vec![])), Refusal::Gone);
    // NaN in a query.
    let mut bad = bytes("q.npy");
    let at = bad.len() - 8;
    bad[at..].copy_from_slice(&f64::NAN.to_be_bytes());
    let files = [("q.npy", bad), ("k.npy", bytes("k.npy")), ("v.npy", bytes("v.npy"))];
    let held = Held::new(files.map(|(name, bytes)| (name.to_owned(), bytes)));
    let Reply::Found { look, files } = engine.take_files(2, Rc::new(held), always()) else { panic!("it found") };
    let setup = set_up(&Offer::guess(look, files), 0);
    let Refusal::Attention(reason) = refused(request(engine, &setup, vec![])) else { panic!("in its own words") };
    assert!(reason.contains("NaN"), "{reason}");
    // Scores are no weights.
    let mut bad = bytes("attentions.safetensors");
    let at = bad.len() - 4;
    bad[at..].copy_from_slice(&f32::NEG_INFINITY.to_le_bytes());
    let held = Held::new([("a.safetensors".to_owned(), bad)]);
    let Reply::Found { look, files } = engine.take_files(3, Rc::new(held), always()) else { panic!("it found") };
    let setup = set_up(&Offer::guess(look, files), 2);
    let Refusal::Attention(reason) = refused(request(engine, &setup, vec![])) else { panic!("in its own words") };
    assert!(reason.contains("an infinite number at [0, 3, 5, 5]") && reason.contains("take the softmax"), "{reason}");
}

#[test]
fn other_files_leave_those_on_the_stage_alone() {
    let engine = &mut on_cpu();
    let setup = set_up(&look(engine, &["qkv.npz"]), 0);
    let before = run(engine, &setup);
    // They are looked into, but not shown.
    let held = Held::new([("a.npz".to_owned(), bytes("attentions.npz"))]);
    engine.take_files(2, Rc::new(held), always());
    let causal = Setup { mask: Window::CAUSAL, ..setup };
    let after = run(engine, &causal);
    assert_eq!(matrix(&before, Tensor::Scores, 1, 0).values, matrix(&after, Tensor::Scores, 1, 0).values);
}

#[test]
fn what_was_hidden_is_no_zero_when_it_is_seen() {
    let engine = &mut on_cpu();
    let mut bad = bytes("q.npy");
    let at = bad.len() - 8;
    bad[at..].copy_from_slice(&f64::NAN.to_be_bytes());
    // Queries, keys and values of the same six tokens, whose last is no number as key and as value.
    let files = ["q.npy", "k.npy", "v.npy"]
        .map(|name| (name.to_owned(), if name == "q.npy" { bytes("q.npy") } else { bad.clone() }));
    let Reply::Found { look, files } = engine.take_files(1, Rc::new(Held::new(files)), always()) else {
        panic!("it found")
    };
    let open = set_up(&Offer::guess(look, files), 0);
    let first = Setup { mask: Window { left: None, right: Some(0) }, ..open.clone() };
    let sees_last =
        |reply| matches!(reply, Reply::Refused { refusal: Refusal::Attention(reason), .. } if reason.contains("NaN"));
    // The last query sees it.
    assert!(sees_last(request(engine, &first, vec![])));
    let mut hidden = first.clone();
    hidden.paint(5, 5, false, 6);
    assert!(matches!(request(engine, &hidden, vec![]), Reply::Ran(_)));
    assert!(sees_last(request(engine, &open, vec![])));
}

#[test]
fn a_head_that_cannot_be_read_keeps_no_other_away() {
    const LEN: usize = 2048;
    let of_head = LEN * LEN;
    let header =
        format!(r#"{{"attn":{{"dtype":"F16","shape":[1,5,{LEN},{LEN}],"data_offsets":[0,{}]}}}}"#, 2 * 5 * of_head);
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.as_bytes());
    file.resize(file.len() + 2 * 5 * of_head, 0);
    // Head 1 begins with an infinity.
    let at = file.len() - 2 * 4 * of_head;
    file[at..at + 2].copy_from_slice(&0x7c00_u16.to_le_bytes());
    let engine = &mut on_cpu();
    let held = Held::new([("a.safetensors".to_owned(), file)]);
    let Reply::Found { look, files } = engine.take_files(1, Rc::new(held), always()) else { panic!("it found") };
    let setup = set_up(&Offer::guess(look, files), 0);
    let Reply::Ran(_) = request(engine, &setup, vec![whole(Tensor::Weights, 0)]) else { panic!("head 0 is whole") };
    let heads =
        [1, 2].map(|head| headlight::protocol::Slice { most_rows: 8, most_columns: 8, ..whole(Tensor::Weights, head) });
    let Some(Reply::Slices { slices, .. }) = ask(engine, Request::Read { run: 1, slices: heads.to_vec() }) else {
        panic!("head 2 is whole")
    };
    assert_eq!(slices.iter().map(|(slice, _)| slice.head).collect::<Vec<_>>(), [2]);
    let alone = ask(engine, Request::Read { run: 1, slices: vec![heads[0]] });
    let Some(Reply::Refused { refusal: Refusal::Attention(reason), .. }) = alone else { panic!("{alone:?}") };
    assert!(reason.contains("an infinite number at [0, 1, 0, 0]"), "{reason}");
    // A run that cannot show its head leaves the picture before it.
    assert!(matches!(request(engine, &setup, vec![heads[0]]), Reply::Refused { .. }));
    let cell = CellRef { tensor: Tensor::Weights, head: 2, row: 3, column: 4 };
    assert!(matches!(ask(engine, Request::Explain { run: 1, item: 0, cell }), Some(Reply::Operands { .. })));
}

/// Counts what is read of a file.
struct Counted(File, Rc<Cell<u64>>);

impl Source for Counted {
    fn len(&self) -> u64 {
        self.0.len()
    }

    fn read(&self, at: u64, into: &mut [u8]) -> Result<(), headlight::files::read::Error> {
        self.1.set(self.1.get() + into.len() as u64);
        self.0.read(at, into)
    }
}

#[test]
fn of_what_is_large_a_head_is_read_when_it_is_looked_at() {
    // 40 heads of 1024 tokens: 168 MB, more than is read at once.
    const HEADS: usize = 40;
    const LEN: usize = 1024;
    let header = format!(
        r#"{{"attentions.0":{{"dtype":"F32","shape":[1,{HEADS},{LEN},{LEN}],"data_offsets":[0,{}]}}}}"#,
        4 * HEADS * LEN * LEN
    );
    let name = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("heads.safetensors");
    let mut file = File::create(&name).expect("a file");
    file.write_all(&(header.len() as u64).to_le_bytes()).expect("written");
    file.write_all(header.as_bytes()).expect("written");
    let begin = 8 + header.len() as u64;
    file.set_len(begin + (4 * HEADS * LEN * LEN) as u64).expect("its length");
    file.seek(SeekFrom::Start(begin + (4 * (8 * LEN * LEN - 1)) as u64)).expect("it is there");
    file.write_all(&0.5_f32.to_le_bytes()).expect("the last number of head 7");
    let count = Rc::new(Cell::new(0));
    let held = Held::new([("heads.safetensors".to_owned(), Counted(File::open(&name).expect("it"), count.clone()))]);
    let engine = &mut on_cpu();
    let Reply::Found { look, files } = engine.take_files(1, Rc::new(held), always()) else { panic!() };
    let setup = set_up(&Offer::guess(look, files), 0);
    let Reply::Ran(run) = request(engine, &setup, vec![whole(Tensor::Weights, 7)]) else { panic!("it ran") };
    assert_eq!(matrix(&run, Tensor::Weights, 7, 0).values.last(), Some(&0.5));
    let read = count.get();
    assert!(read < (4 * LEN * LEN) as u64 + 1000, "{read} bytes were read for one head");
    assert_eq!(setup.given.expect("it was given").parts[0].0, Role::Weights);
    fs::remove_file(name).expect("it was there");
}
