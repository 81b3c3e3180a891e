//! What each step shows, at every position in it.

use super::{
    super::{
        Projection, Session, Step,
        explain::role_of,
        number::fixed,
        scene::{self, Data, Source, head_of},
        theme::Colors,
        timeline::{self, Product, Shape, SoftmaxPart, eased, part, row_by_row, softmax_part, staggered},
        words,
    },
    View,
    draw::{LONGEST_LABEL, cut, light},
    motion::{Stop, Tile},
    panel::{Item, Lights, Panel, Scale, Scene, Shown, Size, blend, lerp, operator},
};
use crate::figure::Cell;
use crate::protocol::{Begins, CellRef, Matrix, Positions, Tensor};

/// As large is a number that flies, where it can be read.
const CHIP: (f32, f32) = (44.0, 19.0);
/// As large is one that is too quick to be read.
const SPECK: (f32, f32) = (13.0, 13.0);
/// A row with more cells than these gets them without its operands being seen to fly.
const MOST_PAIRS: usize = 20;
/// Numbers of longer rows do not fly to their sums one by one.
const MOST_SUMMED: usize = 24;

type Operand<'a> = (Tensor, &'a Matrix);

/// A product in the making.
#[derive(Clone, Copy)]
struct Making<'a> {
    left: Operand<'a>,
    right: Operand<'a>,
    result: Operand<'a>,
    /// Whether the right operand's rows are its columns here.
    transposed: bool,
    work: f64,
    shape: Shape,
    progress: Product,
}

impl<'a> Making<'a> {
    fn new(step: Step, position: f64, operands: [Operand<'a>; 3], all: usize) -> Self {
        let [left, right, result] = operands;
        let work = timeline::work(step, position);
        let shape = scene::product_shape(step, (left.1, right.1), result.1, all);
        let progress = timeline::product(work, shape);
        Self { left, right, result, transposed: right.0 == Tensor::Keys, work, shape, progress }
    }

    /// The terms of a cell of the first row, in order, by their places in it. A hidden key's weight is 0, and so is its
    /// term: it is left out.
    fn terms(&self) -> Vec<usize> {
        let seen = |&term: &usize| self.left.1.values[term] != f32::NEG_INFINITY;
        if self.shape.terms > 0 { (0..self.left.1.columns).filter(seen).collect() } else { Vec::new() }
    }

    /// The two factors of a term of a cell of the first row.
    fn factors(&self, term: usize, column: usize) -> (f32, f32) {
        let (row, column) = if self.transposed { (column, term) } else { (term, column) };
        (self.left.1.values[term], self.right.1.values[row * self.right.1.columns + column])
    }

    fn product(&self, term: usize, column: usize) -> f64 {
        let (left, right) = self.factors(term, column);
        f64::from(left) * f64::from(right)
    }

    /// What the terms that have landed come to.
    fn sum(&self, column: usize) -> f64 {
        self.terms().into_iter().take(self.progress.terms).map(|term| self.product(term, column)).sum()
    }

    /// The result as it is now.
    fn shown(self, scale: Scale, colors: Colors) -> impl Fn(usize, usize) -> Shown + 'a {
        let together = if self.shape.by_row { self.shape.columns } else { 1 };
        let partial: Vec<f32> = (0..together).map(|column| self.sum(column) as f32).collect();
        move |row, column| {
            let cell = row * self.shape.columns + column;
            let (seen, nothing) = (self.progress.seen(cell) as f32, Shown::nothing(&colors));
            if seen > 0.0 {
                nothing.towards(Shown::value(scale, self.result.1.values[cell]), seen)
            } else if self.progress.terms > 0 && self.progress.done == 0 && cell < together {
                Shown::value(scale, partial[column])
            } else {
                nothing
            }
        }
    }

    fn is_finished(&self) -> bool {
        self.progress.done >= self.shape.rows * self.shape.columns
    }

    /// The terms that are on their way: their places among the terms, what they are, and how far they have come.
    fn in_flight(&self) -> Vec<(usize, usize, f64)> {
        let at = |(place, term)| (place, term, timeline::term_in_flight(self.work, place, self.shape));
        let terms = self.terms().into_iter().enumerate().map(at);
        terms.filter(|(_, _, at)| *at > 0.0 && *at < 1.0 && self.progress.done == 0).collect()
    }

    /// The term at hand, by its place: the next one to land; between two, the one that has landed.
    fn at_hand(&self) -> Option<usize> {
        self.in_flight().first().map(|(place, ..)| *place).or_else(|| self.progress.terms.checked_sub(1))
    }

    fn caption(&self) -> String {
        let Shape { rows, columns, terms, by_row } = self.shape;
        let (done, all) = (self.progress.done, rows * columns);
        if terms > 0 && done == 0 {
            let term = self.at_hand().map_or(1, |place| place + 1);
            if by_row { words::row_term_of(term, terms) } else { words::term_of(term, terms) }
        } else if self.result.1.is_whole() {
            words::cell_of(done, all)
        } else {
            let rows = self.result.1.rows;
            words::row_of(done * rows / all, rows)
        }
    }

    /// The line of numbers under the product; empty where there is nothing to say.
    fn ticker(&self, data: &Data) -> String {
        let Some(place) = self.at_hand().filter(|_| self.progress.done == 0 && self.shape.terms > 0) else {
            return String::new();
        };
        let (terms, number) = (self.terms(), |number: f64| fixed(number, 3));
        let (term, before) = (terms[place], terms.iter().take(place));
        let (left, right) = self.factors(term, 0);
        if self.shape.by_row {
            let shares = before.map(|&term| f64::from(self.left.1.values[term])).sum();
            let word = &data.context().keys[self.right.1.first_row + term].text;
            return words::row_ticker(&number(left.into()), word, &number(shares));
        }
        let sum = before.map(|&term| self.product(term, 0)).sum();
        words::ticker(&number(left.into()), &number(right.into()), &number(self.product(term, 0)), &number(sum))
    }

    /// A cell of the left operand's first row, and of the right operand's first column.
    fn cells(&self, term: usize) -> (Source, Source) {
        let (left, right) = (self.left.1, self.right.1);
        let (row, column) = if self.transposed { (0, term) } else { (term, 0) };
        (
            Source::Cell(self.left.0, left.first_row, left.first_column + term),
            Source::Cell(self.right.0, right.first_row + row, right.first_column + column),
        )
    }

    fn made(&self, column: usize) -> Source {
        let (tensor, matrix) = self.result;
        Source::Cell(tensor, matrix.first_row, matrix.first_column + column)
    }

    /// What is lit: what the cell at hand is made from; of rows that come as a whole, the rows.
    fn lights(&self, head: usize) -> Lights {
        let ((left, operand), (result, matrix)) = (self.left, self.result);
        let mut lights = Lights::default();
        if self.is_finished() || !matrix.is_whole() || self.work <= 0.0 {
            return lights;
        }
        if self.progress.sweeps() {
            let row = self.progress.done / self.shape.columns;
            lights.more = vec![Source::Row(left, operand.first_row + row), Source::Row(result, matrix.first_row + row)];
            return lights;
        }
        let at_hand = self.in_flight().first().map(|(_, term, _)| *term);
        if self.shape.by_row {
            lights.more = vec![Source::Row(left, operand.first_row), Source::Row(result, matrix.first_row)];
            if let Some(term) = at_hand {
                lights.more.insert(0, self.cells(term).0);
                lights.more.push(Source::Row(self.right.0, self.right.1.first_row + term));
            }
            return lights;
        }
        let (row, column) = (matrix.first_row, matrix.first_column + self.progress.done);
        lights.focus = Some(CellRef { tensor: result, head: head_of(result, head), row, column });
        lights.term = at_hand;
        lights
    }

    /// What is on its way.
    fn tiles(&self, colors: &Colors) -> Vec<Tile> {
        let mut tiles = Vec::new();
        for (place, term, at) in self.in_flight() {
            if self.shape.by_row {
                self.carry(term, at, colors, &mut tiles);
            } else {
                self.meet(term, at, timeline::is_slow(place), colors, &mut tiles);
            }
        }
        let Product { done, .. } = self.progress;
        if self.shape.terms > 0 && done > 0 && !self.progress.sweeps() && !self.is_finished() {
            for column in done..self.shape.columns {
                let at = timeline::cell_in_flight(self.work, column, self.shape.columns);
                if at > 0.0 {
                    self.cross(column, at, colors, &mut tiles);
                }
            }
        }
        tiles
    }

    /// Two factors lift off their places, meet before the result, become their product, and that is added to the cell.
    fn meet(&self, term: usize, at: f64, is_slow: bool, colors: &Colors, tiles: &mut Vec<Tile>) {
        let (left, right) = self.factors(term, 0);
        let (from_left, from_right) = self.cells(term);
        let (met, joins, joined) = if is_slow { MEET } else { (0.5, 0.5, 0.5) };
        let chip = if is_slow { CHIP } else { SPECK };
        let apart = if is_slow { 17.0 } else { 8.0 };
        let shown = |operand: Operand, value| {
            let shown = Shown::value(Scale::of(operand.0, operand.1, colors), value);
            Shown { number: shown.number.filter(|_| is_slow), ..shown }
        };
        if at < joined {
            for (cell, from, below) in
                [(shown(self.left, left), from_left, -apart), (shown(self.right, right), from_right, apart)]
            {
                let (stop, tensor) = (Stop::Sign(below, chip), from.tensor());
                let (from, to, at) = if at < joins {
                    (Stop::At(from), stop, part(at, 0.0, met))
                } else {
                    (stop, Stop::Sign(0.0, chip), part(at, joins, joined))
                };
                tiles.push(Tile::one(cell, from, to, at, light(tensor, colors)));
            }
            if is_slow && at > met && at < joins {
                let stop = Stop::Sign(0.0, (12.0, 12.0));
                let text = Some(("×".to_owned(), 14.0, colors.ink));
                tiles.push(Tile { text, ..Tile::row(Vec::new(), stop, stop, 0.0, colors.ink) });
            }
        } else {
            let product = shown(self.result, self.product(term, 0) as f32);
            let to = if is_slow { Stop::At(self.made(0)) } else { Stop::Into(self.made(0)) };
            let at = part(at, joined, 1.0);
            tiles.push(Tile::one(product, Stop::Sign(0.0, chip), to, at, light(self.result.0, colors)));
        }
    }

    /// A row and a column meet before the result, and become the cell of both.
    fn cross(&self, column: usize, at: f64, colors: &Colors, tiles: &mut Vec<Tile>) {
        let pairs = self.shape.columns <= MOST_PAIRS;
        let met = if pairs { 0.5 } else { 0.0 };
        let ((left, row), (right, matrix)) = (self.left, self.right);
        let cells = |of_left: bool| -> Vec<Shown> {
            let (tensor, matrix) = if of_left { self.left } else { self.right };
            let scale = Scale::of(tensor, matrix, colors);
            let factor = |term| {
                let (left, right) = self.factors(term, column);
                Shown { number: None, ..Shown::value(scale, if of_left { left } else { right }) }
            };
            (0..row.columns).map(factor).collect()
        };
        if at < met {
            let at = part(at, 0.0, met);
            let (from, to) = (Stop::At(Source::Row(left, row.first_row)), Stop::Sign(0.0, (34.0, 8.0)));
            tiles.push(Tile::row(cells(true), from, to, at, light(left, colors)));
            let from = if self.transposed {
                Source::Row(right, matrix.first_row + column)
            } else {
                Source::Column(right, matrix.first_column + column)
            };
            let to = Stop::Sign(0.0, (8.0, 34.0));
            tiles.push(Tile::row(cells(false), Stop::At(from), to, at, light(right, colors)).upright());
            return;
        }
        let (tensor, made) = self.result;
        let value = Shown::value(Scale::of(tensor, made, colors), made.values[column]);
        let (from, to) = (Stop::Sign(0.0, if pairs { CHIP } else { SPECK }), Stop::At(self.made(column)));
        tiles.push(Tile::one(value, from, to, part(at, met, 1.0), light(tensor, colors)));
    }

    /// A share goes to the row of its value, makes it as pale as itself is small, and carries it into the sum.
    fn carry(&self, term: usize, at: f64, colors: &Colors, tiles: &mut Vec<Tile>) {
        let (values, made) = (self.right.1, self.result.1);
        let row = Source::Row(self.right.0, values.first_row + term);
        let (scale, sums) = (Scale::of(self.right.0, values, colors), Scale::of(self.result.0, made, colors));
        let (fades, goes) = (part(at, 0.36, 0.5) as f32, part(at, 0.5, 1.0));
        let cell = |column| {
            let (_, value) = self.factors(term, column);
            Shown::value(scale, value).towards(Shown::value(sums, self.product(term, column) as f32), fades)
        };
        let into = Source::Row(self.result.0, made.first_row);
        if at > 0.3 {
            let cells = (0..self.shape.columns).map(cell).collect();
            tiles.push(Tile::row(cells, Stop::At(row), Stop::At(into), goes, light(self.right.0, colors)));
        }
        let share = Shown::value(Scale::of(self.left.0, self.left.1, colors), self.left.1.values[term]);
        let (from, to, at) = if goes <= 0.0 {
            (Stop::At(self.cells(term).0), Stop::Before(row, CHIP), part(at, 0.0, 0.36))
        } else {
            (Stop::Before(row, CHIP), Stop::Before(into, CHIP), goes)
        };
        tiles.push(Tile::one(share, from, to, at, colors.ink));
    }
}

/// When a slow term's factors meet, when they join, and when they are one.
const MEET: (f64, f64, f64) = (0.4, 0.58, 0.7);

/// Rows of a first matrix move onto those of a second, become the rows of a third there, and move on to it.
fn merging(
    tensors: [Tensor; 3],
    result: &Matrix,
    work: f64,
    shown: [&dyn Fn(usize, usize) -> Shown; 3],
    colors: &Colors,
) -> Vec<Tile> {
    let mut tiles = Vec::new();
    for row in (0..result.rows).filter(|_| result.is_whole()) {
        let at = row_by_row(work, row, result.rows);
        if at <= 0.0 || at >= 1.0 {
            continue;
        }
        let (met, merges, moves) = (part(at, 0.0, 0.4), part(at, 0.4, 0.55) as f32, part(at, 0.55, 1.0));
        let cell = |column| shown[0](row, column).towards(shown[2](row, column), merges);
        let [first, second, third] = tensors.map(|tensor| Stop::At(Source::Row(tensor, result.first_row + row)));
        let (from, to, at) = if at < 0.4 { (first, second, met) } else { (second, third, moves) };
        let cells = (0..result.columns).map(cell).collect();
        tiles.push(Tile::row(cells, from, to, at, light(tensors[0], colors)));
    }
    tiles
}

/// How much of a row is there that comes as a whole, and how much where rows can't be seen to come.
fn landed(result: &Matrix, work: f64, row: usize) -> f32 {
    let at = row_by_row(work, row, result.shown_rows);
    let at = if result.is_whole() { at.floor() } else { eased(at) };
    at as f32
}

/// What a step shows. `None` while a matrix that it needs has not come yet.
pub(super) fn scene<'a>(session: &Session, data: &'a Data, view: &View) -> Option<Scene<'a>> {
    let (head, projection, step) = (session.head, session.projection, session.step);
    let position = session.shown_position();
    let work = timeline::work(step, position);
    let matrix = |tensor| data.on_stage(tensor, head);
    let colors = view.colors;
    let panel = |tensor, size| Some(Panel::new(tensor, head, matrix(tensor)?, size, &colors));
    let result_tensor = scene::result(step, projection, &data.setup);
    let of = |tensor| scene::of_projection(tensor, projection, &data.setup);
    let result = matrix(result_tensor)?;
    let result_scale = Scale::of(result_tensor, result, &colors);
    // What a block adds to what it projects.
    let given = data.setup.given.as_ref();
    let equals = |of_output| if given.is_some_and(|given| given.has_bias(of_output)) { "+ b =" } else { "=" };
    let making = || {
        let (left, right) = scene::factors(step, projection, &data.setup)?;
        let operands = [(left, matrix(left)?), (right, matrix(right)?), (result_tensor, result)];
        Some(Making::new(step, position, operands, data.shape(left).1))
    };
    let scene = |rows, caption| Scene {
        rows,
        result: result_tensor,
        legend: (result_tensor, result_scale),
        masked: false,
        ticker: None,
        caption,
        lights: Lights { focus: view.focus, ..Lights::default() },
        tiles: Vec::new(),
        moves: Vec::new(),
        arrival: 1.0,
    };
    // While a cell is being made, its origin is lit, unless a person looks at another; afterwards, that of the cell in
    // focus.
    let product = |rows, making: Making| {
        let scene = scene(rows, making.caption());
        let lights = if view.chosen || making.is_finished() { scene.lights } else { making.lights(head) };
        Scene { ticker: Some(making.ticker(data)), tiles: making.tiles(&colors), lights, ..scene }
    };
    match step {
        Step::Tokens => None,
        Step::Embed => {
            let size = Size::flat((view.width, 96.0), (14.0, 13.0));
            let (words, positions) = (matrix(of(Tensor::WordEmbeddings))?, matrix(of(Tensor::Positions))?);
            // One colour scale for all three, so that the colours add up as the numbers do.
            let scale = Scale::common(result_tensor, result, &[words, positions], &colors);
            let plain = |tensor| Some(panel(tensor, size)?.labels(true, false).on(scale));
            let shown = |tensor, matrix: &'a Matrix| {
                let scale = scale.or_own(tensor, matrix, &colors);
                move |row, column| value(scale, matrix, row, column)
            };
            let sum = shown(result_tensor, result);
            let built = plain(result_tensor)?.showing(move |row, column| {
                Shown::nothing(&colors).towards(sum(row, column), landed(result, work, row))
            });
            let tensors = [of(Tensor::WordEmbeddings), of(Tensor::Positions), result_tensor];
            let tiles = merging(
                tensors,
                result,
                work,
                [&shown(tensors[0], words), &shown(tensors[1], positions), &sum],
                &colors,
            );
            let rows = vec![
                // Without a sign, but in line with those that have one.
                vec![operator(""), Item::Panel(plain(tensors[0])?)],
                vec![operator("+"), Item::Panel(plain(tensors[1])?)],
                vec![operator("="), Item::Panel(built)],
            ];
            let caption = words::token_of(rows_reached(work, result.rows), result.rows);
            Some(Scene { legend: (result_tensor, scale), tiles, ..scene(rows, caption) })
        }
        Step::Project => {
            let making = making()?;
            let size = Size::flat((230.0, 150.0), (26.0, 20.0));
            let mut results = vec![operator(equals(false))];
            for which in Projection::ALL {
                let tensor = scene::projected(which);
                let mut shown = panel(tensor, size)?;
                if which == projection {
                    shown = shown.showing(making.shown(result_scale, colors));
                }
                // Values have the words of keys, and all have the same, unless there are two sentences.
                let is_first = which == Projection::Keys && data.setup.is_cross;
                shown.row_labels = which == Projection::Queries || is_first;
                shown.chosen = (which == projection).then(|| colors.role(role_of(tensor)));
                results.push(Item::Panel(shown));
            }
            let input = panel(of(Tensor::Input), Size::flat((420.0, 128.0), (12.0, 20.0)))?.labels(true, false);
            let weights = panel(scene::projection_weights(projection), Size::flat((180.0, 128.0), (12.0, 12.0)))?;
            Some(product(vec![vec![Item::Panel(input), operator("·"), Item::Panel(weights)], results], making))
        }
        Step::Scores => {
            let making = making()?;
            let row = vec![
                Item::Panel(panel(Tensor::Queries, Size::flat((150.0, 320.0), (12.0, 26.0)))?.labels(true, false)),
                operator("·"),
                Item::Panel(
                    panel(Tensor::Keys, Size::flat((160.0, 150.0), (26.0, 12.0)))?.transposed().labels(false, true),
                ),
                operator("="),
                Item::Panel(
                    panel(result_tensor, Size::square(48.0, view))?
                        .labels(true, true)
                        .showing(making.shown(result_scale, colors)),
                ),
            ];
            Some(product(vec![row], making))
        }
        Step::Scale => {
            let before = matrix(Tensor::Scores)?;
            // One colour scale for both, so that the same colour is the same number.
            let scale = Scale::common(result_tensor, result, &[before], &colors);
            let scores = scale.or_own(Tensor::Scores, before, &colors);
            // A copy of the scores moves over; there each number is divided.
            let copied = part(work, 0.0, COPIED);
            let divided = part(work, COPIED, 1.0);
            let morphing = move |row: usize, column: usize| {
                let t = eased(row_by_row(divided, row, result.shown_rows)) as f32;
                if copied < 1.0 {
                    return Shown::nothing(&colors);
                }
                value(scores, before, row, column).towards(value(scale, result, row, column), t)
            };
            let sign = words::scale_operator(&data.setup);
            let changes = sign != "=";
            let row = vec![
                Item::Panel(panel(Tensor::Scores, Size::square(44.0, view))?.labels(true, true).on(scale)),
                Item::Operator(sign),
                Item::Panel(
                    panel(Tensor::Scaled, Size::square(44.0, view))?
                        .labels(true, true)
                        .on(scale)
                        .showing(morphing)
                        .becoming(&[words::BEING_SCALED], (work < 1.0 && changes).then_some(0)),
                ),
            ];
            let caption = words::row_of(rows_reached(divided, result.rows), result.rows);
            let mut scene = Scene { legend: (Tensor::Scaled, scale), ..scene(vec![row], caption) };
            if copied > 0.0 && copied < 1.0 {
                let columns = result.shown_columns;
                let cells = (0..before.values.len()).map(|cell| value(scores, before, cell / columns, cell % columns));
                let whole = |tensor| Stop::Columns(Source::Column(tensor, result.first_column), result.columns);
                let (from, to) = (whole(Tensor::Scores), whole(Tensor::Scaled));
                let tile = Tile::row(cells.collect(), from, to, copied, colors.soft);
                scene.tiles.push(Tile { columns, ..tile }.level());
            }
            Some(scene)
        }
        Step::Mask => {
            let (before, mask) = (matrix(Tensor::Scaled)?, matrix(Tensor::Mask)?);
            let scale = Scale::common(result_tensor, result, &[before], &colors);
            let mask_shown = move |row: usize, column: usize| {
                let number = mask.values[row * mask.shown_columns + column];
                let hidden = number == f32::NEG_INFINITY;
                let cell = if hidden { Cell::Masked } else { Cell::Color(blend(colors.panel, colors.chip, 0.6)) };
                Shown { cell, number: (!hidden).then_some(number) }
            };
            let masked = move |row, column| value(scale, result, row, column);
            let masking = move |row: usize, column: usize| {
                Shown::nothing(&colors).towards(masked(row, column), landed(result, work, row))
            };
            let mut mask_panel = panel(Tensor::Mask, Size::square(34.0, view))?.labels(false, true).showing(mask_shown);
            // ALiBi's distance stands in it; of all others nothing but 0.
            mask_panel.decimals = (data.setup.positions != Positions::Alibi).then_some(0);
            mask_panel.scale = None;
            // They come on the scale that they shared with the scores.
            let own = Scale::of(Tensor::Scaled, before, &colors);
            let unscaled: Vec<&Matrix> = data.in_thumbnail(Tensor::Scores, head).into_iter().collect();
            let shared = Scale::common(Tensor::Scaled, before, &unscaled, &colors);
            let arrived = timeline::arrival(step, position) as f32;
            let arriving =
                move |row, column| value(shared, before, row, column).towards(value(own, before, row, column), arrived);
            let row = vec![
                Item::Panel(panel(Tensor::Scaled, Size::square(34.0, view))?.labels(true, true).showing(arriving)),
                operator("+"),
                Item::Panel(mask_panel),
                operator("="),
                Item::Panel(
                    panel(Tensor::Masked, Size::square(34.0, view))?.labels(false, true).on(scale).showing(masking),
                ),
            ];
            let tensors = [Tensor::Scaled, Tensor::Mask, Tensor::Masked];
            let caption = words::row_of(rows_reached(work, result.rows), result.rows);
            Some(Scene {
                legend: (Tensor::Masked, scale),
                // Also where nothing is hidden yet: what is painted on must not move.
                masked: true,
                tiles: merging(tensors, result, work, [&arriving, &mask_shown, &masked], &colors),
                ..scene(vec![row], caption)
            })
        }
        Step::Softmax if data.setup.begins() == Some(Begins::Weights) => {
            let cell = if view.width < 560.0 { 36.0 } else { 40.0 };
            let mut sums = panel(Tensor::RowSums, Size::flat((46.0, view.matrix_height), (46.0, cell)))?.beside();
            let row_sums = matrix(Tensor::RowSums)?;
            sums.decimals = Some(3);
            sums.sums_to_one = true;
            let number =
                move |row: usize, _| Shown { cell: Cell::Color(colors.panel), number: Some(row_sums.values[row]) };
            let weights = panel(Tensor::Weights, Size::square(cell, view))?.labels(true, true);
            Some(scene(vec![vec![Item::Panel(weights), Item::Panel(sums.showing(number))]], String::new()))
        }
        Step::Softmax => softmax(position, head, data, view, scene(Vec::new(), String::new())),
        Step::Mix => {
            let making = making()?;
            let masked = making.left.1.values.contains(&f32::NEG_INFINITY);
            let row = vec![
                Item::Panel(panel(Tensor::Weights, Size::square(34.0, view))?.labels(true, true)),
                operator("·"),
                Item::Panel(
                    panel(Tensor::Values, Size::flat((160.0, view.matrix_height), (14.0, 34.0)))?
                        .labels(data.setup.is_cross, false)
                        .level(),
                ),
                operator("="),
                Item::Panel(
                    panel(result_tensor, Size::flat((224.0, view.matrix_height), (28.0, 34.0)))?
                        .labels(true, false)
                        .level()
                        .showing(making.shown(result_scale, colors)),
                ),
            ];
            Some(Scene { masked, ..product(vec![row], making) })
        }
        Step::Output => {
            let making = making()?;
            let mut joined = panel(Tensor::Heads, Size::flat((384.0, 128.0), (12.0, 20.0)))?.labels(true, false);
            joined.heads = Some(data.setup.heads);
            let weights = panel(Tensor::OutputWeights, Size::flat((128.0, 128.0), (12.0, 12.0)))?;
            let built = panel(result_tensor, Size::flat((view.width, 150.0), (14.0, 20.0)))?
                .labels(true, false)
                .showing(making.shown(result_scale, colors));
            let rows = vec![
                vec![Item::Panel(joined), operator("·"), Item::Panel(weights)],
                vec![operator(equals(true)), Item::Panel(built)],
            ];
            Some(product(rows, making))
        }
    }
}

/// At this share of the work, the scores have been copied to where they are divided.
const COPIED: f64 = 0.25;

/// A number that came, in its colour.
fn value(scale: Scale, matrix: &Matrix, row: usize, column: usize) -> Shown {
    Shown::value(scale, matrix.values[row * matrix.shown_columns + column])
}

/// Down to which row a change has come.
fn rows_reached(work: f64, rows: usize) -> usize {
    (0..rows).filter(|&row| row_by_row(work, row, rows) > 0.0).count().max(1)
}

/// The softmax, in its four parts: the third panel goes from scores to shares in place.
fn softmax<'a>(position: f64, head: usize, data: &'a Data, view: &View, plain: Scene<'a>) -> Option<Scene<'a>> {
    let (now, local) = softmax_part(position);
    let matrix = |tensor| data.on_stage(tensor, head);
    let (masked, max) = (matrix(Tensor::Masked)?, matrix(Tensor::RowMax)?);
    let (shifted, exps, weights) = (matrix(Tensor::Shifted)?, matrix(Tensor::Exponentials)?, matrix(Tensor::Weights)?);
    let (exp_sums, row_sums) = (matrix(Tensor::ExponentialSums)?, matrix(Tensor::RowSums)?);
    let colors = view.colors;
    let (rows, columns) = (masked.shown_rows, masked.shown_columns);
    // The scores come on the scale of the step before. The differences reach farther: when they come, both go over to one.
    let scaled: Vec<&Matrix> = data.in_thumbnail(Tensor::Scaled, head).into_iter().collect();
    let own = Scale::common(Tensor::Masked, masked, &scaled, &colors);
    let max_scale = Scale::common(Tensor::Masked, masked, &[shifted], &colors);
    let scores = Scale::common(Tensor::Shifted, shifted, &[masked], &colors);
    let shares = Scale::of(Tensor::Weights, weights, &colors);
    let exponentials = Scale::of(Tensor::Exponentials, exps, &colors);
    let rescaled = match now {
        SoftmaxPart::RowMax => 0.0,
        SoftmaxPart::Subtract => part(local, 0.0, 0.12) as f32,
        SoftmaxPart::Exp | SoftmaxPart::Divide => 1.0,
    };
    let score = move |matrix: &'a Matrix| {
        move |row, column| value(own, matrix, row, column).towards(value(max_scale, matrix, row, column), rescaled)
    };
    let (m, max_of) = (score(masked), score(max));
    let s = move |row, column| value(scores, shifted, row, column);
    let e = move |row, column| value(exponentials, exps, row, column);
    let a = move |row, column| value(shares, weights, row, column);

    // Of keys that are out of sight, nothing can be read or added up.
    let all_keys = masked.is_whole() && masked.columns == data.shape(Tensor::Masked).1;
    let in_full = all_keys && columns <= MOST_SUMMED;
    // Where a row is in this part, 0 to 1.
    let at = move |row: usize| row_by_row(local, row, rows);
    let (tensor, current, scale, sum_tensor) = match now {
        SoftmaxPart::RowMax | SoftmaxPart::Subtract => (Tensor::Shifted, shifted, scores, Tensor::ExponentialSums),
        SoftmaxPart::Exp => (Tensor::Exponentials, exps, exponentials, Tensor::ExponentialSums),
        SoftmaxPart::Divide => (Tensor::Weights, weights, shares, Tensor::RowSums),
    };
    // Rows that have not had their turn are not yet what the matrix is called.
    let becoming = match now {
        _ if local >= 1.0 => None,
        SoftmaxPart::RowMax | SoftmaxPart::Subtract => None,
        SoftmaxPart::Exp => Some(0),
        SoftmaxPart::Divide => Some(1),
    };
    let changing = move |row: usize, column: usize| match now {
        SoftmaxPart::RowMax => Shown::nothing(&colors),
        SoftmaxPart::Subtract if at(row) < ARRIVED => Shown::nothing(&colors),
        SoftmaxPart::Subtract => m(row, column).towards(s(row, column), part(at(row), ARRIVED + 0.06, 1.0) as f32),
        SoftmaxPart::Exp => s(row, column).towards(e(row, column), part(at(row), 0.0, CHANGED) as f32),
        SoftmaxPart::Divide => {
            // The sum goes through the row from its end, and divides what it passes.
            let passed = CHANGED * (columns - column) as f64 / columns as f64;
            e(row, column).towards(a(row, column), part(at(row), passed - 0.1, passed) as f32)
        }
    };
    let max_shown = move |row: usize, column: usize| {
        let found = now > SoftmaxPart::RowMax || at(row) >= 1.0;
        if found { max_of(row, column) } else { Shown::nothing(&colors) }
    };
    // A row's numbers that are added up, those that have landed, and what is on its way.
    let summed = if now == SoftmaxPart::Divide { weights } else { exps };
    let visible = move |row: usize| {
        let seen = move |&column: &usize| masked.values[row * columns + column] != f32::NEG_INFINITY;
        (0..columns).filter(seen).collect::<Vec<_>>()
    };
    let flight = move |row: usize, place: usize, of: usize| {
        staggered(part(at(row), CHANGED, 1.0), place, of, (1.5 / of as f64).max(0.35))
    };
    let partial = move |row: usize| {
        let columns_seen = visible(row);
        let landed = |place: &usize| flight(row, *place, columns_seen.len()) >= 1.0;
        let count = (0..columns_seen.len()).filter(landed).count();
        let number = |&column: &usize| f64::from(summed.values[row * columns + column]);
        (count > 0 && in_full).then(|| columns_seen.iter().take(count).map(number).sum::<f64>() as f32)
    };
    let (exp_sum, row_sum) = (move |row: usize| exp_sums.values[row], move |row: usize| row_sums.values[row]);
    let sum_shown = move |row: usize, _| {
        let number = match now {
            SoftmaxPart::RowMax | SoftmaxPart::Subtract => None,
            SoftmaxPart::Exp if at(row) >= 1.0 => Some(exp_sum(row)),
            SoftmaxPart::Divide if at(row) >= 1.0 => Some(row_sum(row)),
            SoftmaxPart::Divide if at(row) <= 0.0 => Some(exp_sum(row)),
            SoftmaxPart::Exp | SoftmaxPart::Divide => partial(row),
        };
        Shown { cell: Cell::Color(colors.panel), number }
    };

    let cell = if view.width < 560.0 { 36.0 } else { 40.0 };
    let size = Size::square(cell, view);
    let narrow = Size::flat((46.0, view.matrix_height), (46.0, cell));
    let max_panel = Panel::new(Tensor::RowMax, head, max, narrow, &colors).beside().showing(max_shown);
    let mut sum_panel =
        Panel::new(sum_tensor, head, if sum_tensor == Tensor::RowSums { row_sums } else { exp_sums }, narrow, &colors)
            .beside()
            .showing(sum_shown);
    // There is nothing to sum up yet.
    sum_panel.titled = now >= SoftmaxPart::Exp;
    sum_panel.decimals = Some(3);
    sum_panel.sums_to_one = now == SoftmaxPart::Divide;
    let (legend, scores_on) =
        if now == SoftmaxPart::RowMax { ((Tensor::Masked, own), own) } else { ((tensor, scale), max_scale) };
    let row = vec![
        Item::Panel(
            Panel::new(Tensor::Masked, head, masked, size, &colors).labels(true, true).on(scores_on).showing(m),
        ),
        Item::Panel(max_panel),
        operator("→"),
        Item::Panel(
            Panel::new(tensor, head, current, size, &colors)
                .labels(true, true)
                .on(scale)
                .showing(changing)
                .becoming(&[words::BEING_RAISED, words::BEING_DIVIDED], becoming),
        ),
        Item::Panel(sum_panel),
    ];

    let (mut tiles, mut more) = (Vec::new(), Vec::new());
    let accent = colors.accent;
    for row in (0..rows).filter(|&row| masked.is_whole() && at(row) > 0.0 && at(row) < 1.0) {
        let at = at(row);
        let source = |tensor, column: usize| Source::Cell(tensor, masked.first_row + row, column);
        let among = |tensor, column: usize| source(tensor, masked.first_column + column);
        let whole = |tensor| Source::Row(tensor, masked.first_row + row);
        let columns_seen = visible(row);
        let largest = |count: usize| {
            let number = |column: usize| masked.values[row * columns + column];
            columns_seen.iter().take(count).copied().reduce(|a, b| if number(b) > number(a) { b } else { a })
        };
        let number_of = |of: &dyn Fn(usize, usize) -> Shown, column| of(row, column);
        match now {
            SoftmaxPart::RowMax if !all_keys => {}
            SoftmaxPart::RowMax => {
                // The row is read from its start; the largest number so far is lit.
                let read = (part(at, 0.0, 0.5) * columns_seen.len() as f64).ceil() as usize;
                more.extend(largest(read).map(|column| among(Tensor::Masked, column)));
                if let Some(column) = largest(columns).filter(|_| at > 0.5) {
                    let (from, to) = (among(Tensor::Masked, column), source(Tensor::RowMax, 0));
                    let cell = number_of(&m, column);
                    tiles.push(Tile::one(cell, Stop::At(from), Stop::At(to), part(at, 0.5, 1.0), accent));
                }
            }
            SoftmaxPart::Subtract => {
                if at < ARRIVED {
                    let cells = (0..columns).map(|column| m(row, column)).collect();
                    let (from, to) = (whole(Tensor::Masked), whole(Tensor::Shifted));
                    tiles.push(Tile::row(cells, Stop::At(from), Stop::At(to), part(at, 0.0, ARRIVED), colors.soft));
                }
                if at < ARRIVED + 0.2 {
                    let (from, to) = (Stop::At(source(Tensor::RowMax, 0)), whole(Tensor::Shifted));
                    let to = Stop::Before(to, CHIP);
                    tiles.push(Tile::one(max_of(row, 0), from, to, part(at, 0.1, ARRIVED), accent));
                }
            }
            SoftmaxPart::Exp | SoftmaxPart::Divide => {
                if now == SoftmaxPart::Divide && at < CHANGED {
                    let (from, to) = (source(Tensor::RowSums, 0), among(Tensor::Weights, 0));
                    let text = Some((fixed(f64::from(exp_sum(row)), 3), 11.0, colors.ink));
                    let cell = Shown { cell: Cell::Color(colors.panel), number: None };
                    let tile = Tile::one(cell, Stop::At(from), Stop::At(to), part(at, 0.0, CHANGED), accent);
                    tiles.push(Tile { text, ..tile }.level());
                }
                for (place, &column) in columns_seen.iter().enumerate().filter(|_| in_full) {
                    let flies = flight(row, place, columns_seen.len());
                    if flies > 0.0 && flies < 1.0 {
                        let cell = if now == SoftmaxPart::Exp { e(row, column) } else { a(row, column) };
                        let (from, to) = (among(tensor, column), source(sum_tensor, 0));
                        tiles.push(Tile::one(cell, Stop::At(from), Stop::Into(to), flies, accent));
                    }
                }
            }
        }
    }
    let focus = plain.lights.focus;
    Some(Scene {
        rows: vec![row],
        result: tensor,
        legend,
        masked: masked.values.contains(&f32::NEG_INFINITY),
        caption: words::softmax_part(now).to_owned(),
        lights: Lights { focus, term: None, more },
        tiles,
        ..plain
    })
}

/// At this share of the time that a row takes, it has come to where the maximum is subtracted.
const ARRIVED: f64 = 0.6;
/// At this share of the time that a row takes, all its numbers are changed, and are added up.
const CHANGED: f64 = 0.42;

/// The blocks of all heads on their way from where the mixed values of one were: that one is on top, the others behind it.
pub(super) fn heads_coming_together(
    heads: &Matrix,
    data: &Data,
    (count, shown_head): (usize, usize),
    (x, y, width, height): super::motion::Box4,
    arrival: f64,
    colors: &Colors,
) -> Vec<Tile> {
    let columns = heads.columns / count;
    let scale = Scale::of(Tensor::Heads, heads, colors);
    let tile = |head: usize| {
        let numbers = move |cell: usize| heads.values[cell / columns * heads.columns + head * columns + cell % columns];
        // By itself, each was shown on its own scale.
        let own = data.in_thumbnail(Tensor::Mixed, head).map_or(scale, |mixed| Scale::of(Tensor::Mixed, mixed, colors));
        let at = staggered(arrival, (head + count - shown_head) % count, count, 0.7);
        let cell = |cell| {
            let number = numbers(cell);
            let both = Shown::value(own, number).towards(Shown::value(scale, number), at as f32);
            Shown { number: None, ..both }
        };
        let behind = shown_head.abs_diff(head) as f32 * 6.0;
        let from = Stop::Here((x - behind, y - behind, width, height));
        let to = Stop::Columns(Source::Column(Tensor::Heads, heads.first_column + head * columns), columns);
        let cells = (0..heads.rows * columns).map(cell).collect();
        Tile { columns, ..Tile::row(cells, from, to, at, light(Tensor::Mixed, colors)) }.level()
    };
    let by_distance = (0..count).rev().flat_map(|far| (0..count).filter(move |head| shown_head.abs_diff(*head) == far));
    by_distance.map(tile).collect()
}

/// The words on their way from their chips to the rows of these embeddings, which they become.
pub(super) fn words_becoming_rows(
    embeddings: Tensor,
    data: &Data,
    chips: &[super::motion::Box4],
    arrival: f64,
    view: &View,
) -> Vec<Tile> {
    let axis = embeddings.axes().0;
    let (context, first_width) = (data.context(), data.first_width(axis));
    let colors = &view.colors;
    let chip = blend(colors.chip, colors.panel, arrival as f32);
    let tile = |(index, place): (usize, &super::motion::Box4)| {
        let full = view.token_widths.get(first_width + index).copied().unwrap_or_default();
        let word = cut(&context.tokens_of(axis)[index].text, full, LONGEST_LABEL);
        let to = Stop::Before(Source::Row(embeddings, index), (full.min(LONGEST_LABEL) + 6.0, 18.0));
        let size = lerp(15.0, super::LABEL_SIZE, eased(arrival) as f32);
        let text = Some((word, size, colors.ink));
        let cell = Shown { cell: Cell::Color(chip), number: None };
        Tile { text, ..Tile::one(cell, Stop::Here(*place), to, arrival, chip) }
    };
    chips.iter().enumerate().map(tile).collect()
}
