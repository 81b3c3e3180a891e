//! Lays the panels of a scene out to fit the view, and draws them as marks.

use super::{
    super::{
        explain::{Role, Whole, is_whole_row, role_of},
        number::{fixed, shape, short},
        scene::{Data, Source},
        theme::Colors,
        words,
    },
    Grid, LABEL_SIZE, Picture, Place, View,
    arcs::line_color,
    motion::{Ground, draw_tile, fade, part_of},
    panel::{Item, Lights, Move, Panel, Scale, Scene, Shown, hatch_line, lerp, swap_if},
};
use crate::figure::{Anchor, Cell, Face, Heatmap, Line, Mark, Rect, Rgb, Text, colormap::ink_on};
use crate::protocol::{Axis, Setup, Tensor};

/// Left free at both sides, for the outline of a cell in focus.
const MARGIN: f32 = 3.0;
/// Space for a caption over a matrix.
const CAPTION: f32 = 22.0;
/// Space for the shape under a matrix.
const SHAPE: f32 = 24.0;
/// Space for the range of its colours under that, where one line does not hold both.
const RANGE: f32 = 15.0;
/// Between a panel and an operator or another panel.
const SPACE: f32 = 14.0;
/// The size of the notes under a matrix.
const NOTE_SIZE: f32 = 11.5;
/// How wide "Q↓ K→" is, and how large it is written.
const CORNER: (f32, f32) = (32.0, 10.0);
/// A cell that is at least so wide may have its number in it.
const NUMBER_WIDTH: f32 = 29.0;
/// The longest label that is written in full.
pub(super) const LONGEST_LABEL: f32 = 96.0;

/// A panel with its measures.
struct Laid<'a> {
    panel: Panel<'a>,
    cell: (f32, f32),
    label_width: f32,
    /// Free at both sides, for a caption or notes that are wider than the matrix.
    spread: f32,
    /// Above the matrix: caption, labels.
    head_height: f32,
    /// Below the matrix: the notes.
    foot_height: f32,
    /// Its shape and the range of its colours.
    notes: Vec<String>,
    /// Whether the column labels are turned upwards.
    turned: bool,
}

/// A line of panels and operators.
struct Row<'a> {
    items: Vec<LaidItem<'a>>,
    width: f32,
    /// From its upper edge to the middle of its matrices.
    above: f32,
    /// From there to its lower edge.
    below: f32,
}

/// What drawing a panel needs to know besides.
struct Desk<'a> {
    lights: &'a Lights,
    data: &'a Data,
    view: &'a View,
    /// The picture's.
    height: f32,
}

impl Desk<'_> {
    /// Where a panel's cells are, for the pointer and for assistive technology.
    fn grid_of(&self, panel: &Panel, (x, y): (f32, f32), cell: (f32, f32)) -> Grid {
        let (rows, columns) = panel.drawn_shown();
        let (true_rows, true_columns) = panel.drawn();
        let (cell_width, cell_height) =
            (cell.0 * columns as f32 / true_columns as f32, cell.1 * rows as f32 / true_rows as f32);
        Grid {
            tensor: panel.tensor,
            head: panel.head,
            transposed: panel.transposed,
            rows: true_rows,
            columns: true_columns,
            first: swap_if(panel.transposed, (panel.matrix.first_row, panel.matrix.first_column)),
            of: swap_if(panel.transposed, self.data.shape(panel.tensor)),
            place: Place::Even { x, y, cell_width, cell_height },
        }
    }
}

/// Lays a scene out and draws it.
pub(super) fn draw(scene: Scene, data: &Data, view: &View) -> Picture {
    // The legend is that of a matrix that is drawn.
    let is_change = scene.rows.iter().flatten().any(|item| match item {
        Item::Panel(panel) => panel.tensor == scene.legend.0 && panel.matrix.is_change,
        Item::Operator(_) => false,
    });
    let scale = scene.legend.1;
    let mut beyond = (0, 0);
    for item in scene.rows.iter().flatten() {
        if let Item::Panel(panel) = item
            && panel.scale == Some(scale)
        {
            let (below, above) = scale.beyond(&panel.matrix.values);
            beyond = (beyond.0 + below, beyond.1 + above);
        }
    }
    let meaning = if is_change { words::LEGEND_CHANGE } else { words::legend(scene.legend.0) };
    let masked = scene.masked.then_some(words::LEGEND_MASKED);
    let legend = Legend { meaning, scale, beyond, more: masked, wedge: None };
    let mut picture = Picture { caption: scene.caption, ..Picture::default() };
    let marks = &mut picture.figure.marks;
    let colors = &view.colors;
    // In steps of some pixels: a picture that grew with every letter would tremble.
    let widest_label = view.token_widths.iter().copied().fold(0.0, f32::max);
    let label_width = ((widest_label / 8.0).ceil() * 8.0).min(LONGEST_LABEL);
    let rows: Vec<Row> = wrapped(scene.rows, label_width, view)
        .into_iter()
        .map(|row| laid(row, label_width, scale, data, view))
        .collect();
    let ticker_height = if scene.ticker.is_some() { 24.0 } else { 0.0 };
    let rows_height: f32 = rows.iter().map(|row| row.above + row.below + 8.0).sum();
    let legend_height = draw_legend(&legend, 0.0, view, &mut Vec::new());
    // What is left of the height is shared by both sides of the matrices.
    let needed = 4.0 + rows_height + ticker_height + legend_height;
    let spare = (view.least_height - needed).max(0.0);
    let mut y = 4.0 + (spare / 2.0).floor();
    let height = needed.max(view.least_height).ceil();
    let (mut sign, mut on_top) = (None, Vec::new());
    let desk = Desk { lights: &scene.lights, data, view, height };
    for row in &rows {
        let middle = y + row.above;
        let mut x = ((view.width - row.width) / 2.0).max(MARGIN);
        for item in &row.items {
            match item {
                LaidItem::Operator(operator, width) => {
                    sign = Some(x + width / 2.0);
                    marks.push(Mark::Text(Text {
                        x: x + width / 2.0,
                        y: middle,
                        text: operator.clone(),
                        size: if operator.chars().count() > 1 { 17.0 } else { 24.0 },
                        color: colors.soft,
                        anchor: Anchor::Middle,
                        face: Face::Math,
                        turned: false,
                    }));
                }
                LaidItem::Panel(laid) => {
                    let left = x + laid.left();
                    let top = middle - matrix_height(laid) / 2.0;
                    let grid = desk.grid_of(&laid.panel, (left, top), laid.cell);
                    // What is on its way is over everything that stands.
                    let from = scene.moves.iter().find(|from| from.grid.tensor == laid.panel.tensor);
                    match from.filter(|from| can_come_from(&from.grid, &laid.panel)) {
                        Some(from) => {
                            draw_moved(laid, &grid, from, &desk, &mut on_top);
                        }
                        None => draw_panel(laid, &grid, laid.cell, &desk, marks),
                    }
                    picture.grids.push(grid);
                }
            }
            x += item_width(item) + SPACE;
        }
        y = middle + row.below + 8.0;
    }
    y += (spare / 2.0).ceil();
    if scene.arrival < 1.0 {
        fade(marks, colors.panel, scene.arrival);
    }
    if let Some(ticker) = scene.ticker {
        if !ticker.is_empty() {
            marks.push(Mark::Text(Text {
                x: view.width / 2.0,
                y: y + 8.0,
                text: ticker,
                size: 14.0,
                color: colors.ink,
                anchor: Anchor::Middle,
                face: Face::Plain,
                turned: false,
            }));
        }
        y += 24.0;
    }
    draw_legend(&legend, y, view, marks);
    marks.append(&mut on_top);
    (picture.figure.width, picture.figure.height) = (view.width, height);
    let made = picture.grids.iter().find(|grid| grid.tensor == scene.result).map(|grid| grid.cell_box(0, 0));
    let sign = (sign.unwrap_or_default(), made.map_or(0.0, |(_, y, _, height)| y + height / 2.0));
    let mut tiles = Vec::new();
    let ground = Ground { figure: &picture.figure, grids: &picture.grids, sign };
    scene.tiles.iter().for_each(|tile| draw_tile(tile, &ground, colors, &mut tiles));
    picture.figure.marks.append(&mut tiles);
    picture
}

/// Whether a panel can be seen to come from where its grid was. To turn, each cell goes by itself: of a large matrix, too
/// many.
fn can_come_from(grid: &Grid, panel: &Panel) -> bool {
    const MOST_TURNED: usize = 1024;
    let (rows, columns) = panel.drawn_shown();
    grid.transposed == panel.transposed || rows * columns <= MOST_TURNED
}

/// A panel on its way from where its grid was to where it is now.
fn draw_moved(laid: &Laid, to: &Grid, from: &Move, desk: &Desk, marks: &mut Vec<Mark>) {
    let (mut start, end, at) = (from.grid.cell_box(0, 0), to.cell_box(0, 0), from.at);
    let (rows, columns) = laid.panel.drawn_shown();
    // The picture before may have been higher.
    let (_, _, width, height) = from.grid.bounds();
    let within = |at: f32, before: f32, length: f32, of: f32| at.min(of - length).max(before);
    let moved = (
        within(start.0, laid.label_width, width, desk.view.width) - start.0,
        within(start.1, laid.head_height, height + laid.foot_height, desk.height) - start.1,
    );
    (start.0, start.1) = (start.0 + moved.0, start.1 + moved.1);
    // Where cells are drawn together, as many times as large.
    let (true_rows, true_columns) = laid.panel.drawn();
    let (high, wide) = (true_rows as f32 / rows as f32, true_columns as f32 / columns as f32);
    if from.grid.transposed != to.transposed {
        // Its rows become columns: each cell goes there by itself.
        for cell in 0..rows * columns {
            let (row, column) = (cell / columns, cell % columns);
            let (row_at, column_at) = (row as f32, column as f32);
            let was = (start.2 * high, start.3 * wide);
            let start = (start.0 + row_at * was.0, start.1 + column_at * was.1, was.0, was.1);
            let cell = (end.2 * wide, end.3 * high);
            let end = (end.0 + column_at * cell.0, end.1 + row_at * cell.1, cell.0, cell.1);
            let (tensor_row, tensor_column) = swap_if(to.transposed, (row, column));
            let shown = (laid.panel.shown)(tensor_row, tensor_column);
            if let Cell::Color(color) = shown.cell {
                marks.push(Mark::Rect(Rect {
                    x: lerp(start.0, end.0, at),
                    y: lerp(start.1, end.1, at),
                    width: lerp(start.2, end.2, at) - 1.0,
                    height: lerp(start.3, end.3, at) - 1.0,
                    radius: 0.0,
                    fill: Some(color),
                    stroke: None,
                }));
            }
        }
        return;
    }
    let (x, y) = (lerp(start.0, end.0, at), lerp(start.1, end.1, at));
    // Where there are other rows and columns than before, they stay in the picture.
    let cell_width = (lerp(start.2, end.2, at) * wide).min((desk.view.width - x) / columns as f32);
    let cell_height = (lerp(start.3, end.3, at) * high).min((desk.height - laid.foot_height - y) / rows as f32);
    let grid = desk.grid_of(&laid.panel, (x, y), (cell_width, cell_height));
    draw_panel(laid, &grid, (cell_width, cell_height), desk, marks);
}

enum LaidItem<'a> {
    Panel(Laid<'a>),
    Operator(String, f32),
}

fn item_width(item: &LaidItem) -> f32 {
    match item {
        LaidItem::Panel(laid) => laid.left() + matrix_width(laid) + laid.spread,
        LaidItem::Operator(_, width) => *width,
    }
}

impl Laid<'_> {
    /// From the panel's left edge to its matrix.
    fn left(&self) -> f32 {
        self.label_width.max(self.spread)
    }
}

fn matrix_width(laid: &Laid) -> f32 {
    laid.cell.0 * laid.panel.drawn_shown().1 as f32
}

fn matrix_height(laid: &Laid) -> f32 {
    laid.cell.1 * laid.panel.drawn_shown().0 as f32
}

fn operator_width(operator: &str) -> f32 {
    match operator.chars().count() {
        0 | 1 => 20.0,
        signs => 11.0 + 9.0 * signs as f32,
    }
}

fn natural_width(item: &Item, label_width: f32) -> (f32, f32) {
    match item {
        Item::Operator(operator) => (operator_width(operator), 0.0),
        Item::Panel(panel) => {
            let (rows, columns) = panel.drawn_shown();
            let labels = label_room(panel, label_width);
            let cells = panel.size.cell_for(rows, columns).0 * columns as f32;
            // A column of numbers that belongs to the panel before it does not shrink.
            if panel.beside { (labels + cells, 0.0) } else { (labels, cells) }
        }
    }
}

/// How much is kept free left of a matrix, where the words of its rows are as wide as this.
fn label_room(panel: &Panel, label_width: f32) -> f32 {
    match (panel.row_labels, has_corner(panel)) {
        (false, _) => 0.0,
        (true, false) => label_width + 8.0,
        (true, true) => label_width.max(CORNER.0) + 8.0,
    }
}

/// Whether queries are written down one side of it and keys along the other.
fn has_corner(panel: &Panel) -> bool {
    panel.row_labels && panel.column_labels && !panel.transposed && panel.tensor.axes() == (Axis::Queries, Axis::Keys)
}

/// Breaks rows that would have to shrink too much; an operator goes down with what follows it. Where cells are too small
/// for numbers anyway, and there is room, standing side by side is worth more than size.
fn wrapped<'a>(rows: Vec<Vec<Item<'a>>>, label_width: f32, view: &View) -> Vec<Vec<Item<'a>>> {
    let mut wrapped = Vec::new();
    for row in rows {
        let has_numbers = row.iter().any(|item| match item {
            Item::Panel(panel) => {
                let (rows, columns) = panel.drawn_shown();
                panel.size.square && !panel.size.fills && panel.size.cell_for(rows, columns).0 >= NUMBER_WIDTH
            }
            Item::Operator(_) => false,
        });
        let least = if has_numbers || view.width < 560.0 { 0.62 } else { 0.3 };
        let mut line: Vec<Item> = Vec::new();
        let mut pending: Vec<Item> = Vec::new();
        for item in row {
            let is_panel = matches!(item, Item::Panel(_));
            pending.push(item);
            if !is_panel {
                continue;
            }
            let all = line.iter().chain(&pending);
            let (fixed, cells) = all
                .map(|item| natural_width(item, label_width))
                .fold((0.0, 0.0), |sum, width| (sum.0 + width.0 + SPACE, sum.1 + width.1));
            let beside = pending.iter().any(|item| matches!(item, Item::Panel(panel) if panel.beside));
            if !line.is_empty() && !beside && fixed + cells * least > view.width {
                wrapped.push(std::mem::take(&mut line));
                // What begins a line needs its own labels.
                for item in &mut pending {
                    if let Item::Panel(panel) = item {
                        panel.row_labels |= rows_are_tokens(panel);
                    }
                }
            }
            line.append(&mut pending);
        }
        line.append(&mut pending);
        wrapped.push(line);
    }
    wrapped
}

fn rows_are_tokens(panel: &Panel) -> bool {
    !panel.transposed && panel.tensor.axes().0.is_of_tokens()
}

fn laid<'a>(row: Vec<Item<'a>>, label_width: f32, legend: Scale, data: &Data, view: &View) -> Row<'a> {
    let (fixed, cells) = row
        .iter()
        .map(|item| natural_width(item, label_width))
        .fold((0.0, 0.0), |sum, width| (sum.0 + width.0, sum.1 + width.1));
    let fixed = fixed + SPACE * (row.len() as f32 - 1.0);
    let shrink = if cells > 0.0 { ((view.width - 2.0 * MARGIN - fixed) / cells).clamp(0.05, 1.0) } else { 1.0 };
    let mut square_height = 0.0;
    let mut items: Vec<LaidItem> = row
        .into_iter()
        .map(|item| match item {
            Item::Operator(operator) => {
                let width = operator_width(&operator);
                LaidItem::Operator(operator, width)
            }
            Item::Panel(panel) => {
                let (rows, columns) = panel.drawn_shown();
                let (width, height) = panel.size.cell_for(rows, columns);
                let mut cell = (
                    if panel.beside { width } else { width * shrink },
                    if panel.size.square { height * shrink } else { height },
                );
                if panel.size.square {
                    square_height = cell.1;
                }
                if panel.level && square_height > 0.0 {
                    cell.1 = square_height;
                }
                let fits = cell.0 * panel_ratio(&panel) >= label_width + 6.0;
                let turned = panel.column_labels && (panel.size.fills || !fits);
                let labels = match (panel.column_labels, turned) {
                    (false, _) => 0.0,
                    (true, false) => 22.0,
                    (true, true) => label_width + 10.0,
                };
                let heads = if panel.heads.is_some() { 18.0 } else { 0.0 };
                let label_width = label_room(&panel, label_width);
                let matrix = cell.0 * columns as f32;
                let notes = notes(&panel, matrix + SPACE, legend, data);
                let widest = notes.iter().map(|note| about_width(note, NOTE_SIZE)).fold(title_width(&panel), f32::max);
                let spread = if panel.beside { 0.0 } else { ((widest - matrix) / 2.0 - SPACE / 3.0).max(0.0) };
                let head_height = CAPTION + labels + heads;
                let foot_height = SHAPE + RANGE * (notes.len() as f32 - 1.0).max(0.0);
                LaidItem::Panel(Laid { cell, label_width, spread, head_height, foot_height, notes, turned, panel })
            }
        })
        .collect();
    give_up_spread(&mut items, view.width - 2.0 * MARGIN);
    let width = line_width(&items);
    let most = |of: fn(&Laid) -> f32| {
        let heights = items.iter().map(|item| match item {
            LaidItem::Panel(laid) => of(laid),
            LaidItem::Operator(..) => 14.0,
        });
        heights.fold(0.0, f32::max)
    };
    let above = most(|laid| laid.head_height + matrix_height(laid) / 2.0);
    let below = most(|laid| matrix_height(laid) / 2.0 + laid.foot_height);
    Row { items, width, above, below }
}

fn line_width(items: &[LaidItem]) -> f32 {
    items.iter().map(item_width).sum::<f32>() + SPACE * (items.len() as f32 - 1.0)
}

/// Where a line is too long, captions come closer to each other.
fn give_up_spread(items: &mut [LaidItem], most: f32) {
    let (wide, mut spreads) = (line_width(items), Vec::new());
    for item in items.iter_mut() {
        if let LaidItem::Panel(laid) = item {
            spreads.push(std::mem::take(&mut laid.spread));
        }
    }
    let narrow = line_width(items);
    let share = if wide > most { ((most - narrow) / (wide - narrow)).clamp(0.0, 1.0) } else { 1.0 };
    let panels = items.iter_mut().filter_map(|item| if let LaidItem::Panel(laid) = item { Some(laid) } else { None });
    for (laid, spread) in panels.zip(spreads) {
        laid.spread = spread * share;
    }
}

/// How much narrower a column of the tensor is than a drawn one, where columns are drawn together.
fn panel_ratio(panel: &Panel) -> f32 {
    panel.drawn_shown().1 as f32 / panel.drawn().1 as f32
}

fn draw_panel(laid: &Laid, grid: &Grid, (cell_width, cell_height): (f32, f32), desk: &Desk, marks: &mut Vec<Mark>) {
    let Desk { lights, data, view, .. } = *desk;
    let panel = &laid.panel;
    let colors = &view.colors;
    let (rows, columns) = panel.drawn_shown();
    let (x, y, width, height) = grid.bounds();

    // The cells and their numbers.
    let gap = if cell_width.min(cell_height) >= 5.0 { 1.0 } else { 0.0 };
    let number_size = number_size(panel, cell_width).filter(|_| cell_height >= 16.0);
    let mut shown_cells = Vec::with_capacity(rows * columns);
    let mut texts = Vec::new();
    for row in 0..rows {
        for column in 0..columns {
            let (tensor_row, tensor_column) = swap_if(panel.transposed, (row, column));
            let shown = (panel.shown)(tensor_row, tensor_column);
            shown_cells.push(shown);
            if let (Some(size), Some(number), Cell::Color(ground)) = (number_size, shown.number, shown.cell) {
                let text = match panel.decimals {
                    Some(decimals) => fixed(f64::from(number), decimals),
                    None => short(number),
                };
                texts.push(Mark::Text(Text {
                    x: x + (column as f32 + 0.5) * cell_width - gap / 2.0,
                    y: y + (row as f32 + 0.5) * cell_height - gap / 2.0,
                    text,
                    size,
                    color: if ground == colors.panel { colors.ink } else { ink_on(ground) },
                    anchor: Anchor::Middle,
                    face: Face::Plain,
                    turned: false,
                }));
                if let Some((mark, color)) = sum_mark(number, data, colors)
                    && panel.sums_to_one
                    && cell_height >= 30.0
                {
                    texts.push(Mark::Text(Text {
                        x: x + (column as f32 + 0.5) * cell_width,
                        y: y + (row as f32 + 0.5) * cell_height + 13.0,
                        text: mark.to_owned(),
                        size: 11.0,
                        color,
                        anchor: Anchor::Middle,
                        face: Face::Plain,
                        turned: false,
                    }));
                }
            }
        }
    }
    let (cells, drawn_rows, drawn_columns) = at_least_a_pixel(&shown_cells, (rows, columns), (width, height));
    marks.push(Mark::Heatmap(Heatmap {
        x,
        y,
        cell_width: width / drawn_columns as f32,
        cell_height: height / drawn_rows as f32,
        gap,
        rows: drawn_rows,
        columns: drawn_columns,
        cells,
        hatch_ground: colors.chip,
        hatch_line: hatch_line(colors),
    }));
    marks.append(&mut texts);

    // A column that is nothing but numbers has no title where they do not fit.
    let is_empty = panel.beside && panel.decimals.is_some() && number_size.is_none();
    if panel.titled && !is_empty {
        draw_caption(panel, x + width / 2.0, y - laid.head_height + CAPTION / 2.0 - 2.0, view, marks);
    }
    draw_labels(laid, grid, (x, y, width, height), lights, data, view, marks);
    let mut below = y + height + 14.0;
    for text in laid.notes.iter().cloned() {
        let (x, color) = (x + width / 2.0, colors.soft);
        let (anchor, face) = (Anchor::Middle, Face::Plain);
        marks.push(Mark::Text(Text { x, y: below, text, size: NOTE_SIZE, color, anchor, face, turned: false }));
        below += RANGE;
    }
    if let Some(color) = panel.chosen {
        marks.push(outline((x - 3.0, y - 3.0, width + 6.0 - gap, height + 6.0 - gap), color, 1.5));
    }
    draw_focus(grid, lights, gap, &data.setup, view, marks);
}

/// The cells to draw, so many rows and columns, where each is at least a pixel wide and high: of those that share one, the
/// number of largest magnitude is seen. Otherwise a single bright one could fall between two pixels.
pub(super) fn at_least_a_pixel(
    shown: &[Shown],
    (rows, columns): (usize, usize),
    (width, height): (f32, f32),
) -> (Vec<Cell>, usize, usize) {
    let most = |count: usize, length: f32| count.min((length as usize).max(1));
    let (drawn_rows, drawn_columns) = (most(rows, height), most(columns, width));
    if (drawn_rows, drawn_columns) == (rows, columns) {
        return (shown.iter().map(|shown| shown.cell).collect(), rows, columns);
    }
    let magnitude = |shown: &Shown| shown.number.map_or(-1.0, f32::abs);
    let mut drawn: Vec<Option<Shown>> = vec![None; drawn_rows * drawn_columns];
    for (index, shown) in shown.iter().enumerate() {
        let (row, column) = (index / columns * drawn_rows / rows, index % columns * drawn_columns / columns);
        let place = &mut drawn[row * drawn_columns + column];
        if place.as_ref().is_none_or(|there| magnitude(shown) > magnitude(there)) {
            *place = Some(*shown);
        }
    }
    (drawn.into_iter().flatten().map(|shown| shown.cell).collect(), drawn_rows, drawn_columns)
}

/// The size of the numbers in the cells, where the longest one fits.
fn number_size(panel: &Panel, cell_width: f32) -> Option<f32> {
    let longest = match (panel.decimals, panel.scale) {
        (Some(0), _) => "0".to_owned(),
        (_, Some(Scale::Signed(max, _))) => short(-max.max(panel.matrix.largest)),
        // A mask whose numbers are not all 0.
        (None, None) => short(-panel.matrix.largest),
        _ => "0.000".to_owned(),
    };
    // The smallest may come nearer to the cell's edges.
    let fits = |(size, free): &(f32, f32)| about_width(&longest, *size) + free <= cell_width;
    [(12.0, 5.0), (11.0, 5.0), (10.0, 3.0)].into_iter().find(fits).map(|(size, _)| size)
}

/// What stands under the sum of a row of shares: whether it is 1. Of a row that sees nothing it is said elsewhere.
fn sum_mark(sum: f32, data: &Data, colors: &Colors) -> Option<(&'static str, Rgb)> {
    let keys = data.lengths().keys;
    let is_one = match Tensor::Weights.is_given(&data.setup) {
        true => Whole::of_given(sum, keys) != Whole::No,
        false if is_whole_row(sum, keys) => true,
        false => return None,
    };
    Some(if is_one { ("✓", colors.good) } else { ("≠ 1", colors.ink) })
}

/// What stands under a matrix, a line each: its shape, and, unless the legend says it, the range of its colours.
fn notes(panel: &Panel, width: f32, legend: Scale, data: &Data) -> Vec<String> {
    if panel.beside {
        return vec![];
    }
    let shape = shape_note(panel, data);
    let Some(scale) = panel.scale.filter(|scale| *scale != legend) else {
        return vec![shape];
    };
    let (below, above) = scale.beyond(&panel.matrix.values);
    let range = match below + above {
        0 => range_note(scale),
        count => [range_note(scale), words::cells_beyond(count)].join(", "),
    };
    let both = format!("{shape} · {range}");
    if about_width(&both, NOTE_SIZE) <= width { vec![both] } else { vec![shape, range] }
}

/// The tensor's shape; of a weight matrix, which of its columns these are.
fn shape_note(panel: &Panel, data: &Data) -> String {
    let mut axes = data.full_shape(panel.tensor);
    if panel.transposed {
        let last = axes.len() - 1;
        axes.swap(last, last - 1);
    }
    let (columns, of) = (data.shape(panel.tensor).1, axes[axes.len() - 1]);
    if panel.tensor.has_heads() && columns < of && !panel.transposed {
        return words::columns_of(panel.head * columns, columns, &shape(&axes));
    }
    shape(&axes)
}

/// Which numbers the ends of a matrix' colours stand for.
fn range_note(scale: Scale) -> String {
    match scale {
        Scale::Signed(max, _) => words::colors_to(&format!("±{}", short(max))),
        Scale::Share(max, _) => words::colors_to(&format!("0 … {}", share_end(max))),
    }
}

fn share_end(max: f32) -> String {
    if max == 1.0 { "1".to_owned() } else { fixed(f64::from(max), 3) }
}

fn outline((x, y, width, height): (f32, f32, f32, f32), color: Rgb, stroke: f32) -> Mark {
    Mark::Rect(Rect { x, y, width, height, radius: 2.0, fill: None, stroke: Some((color, stroke)) })
}

/// Lights the cell in focus where it is drawn, and what it was made from; of that, the two factors of the term at hand;
/// and what is lit besides.
fn draw_focus(grid: &Grid, lights: &Lights, gap: f32, setup: &Setup, view: &View, marks: &mut Vec<Mark>) {
    let Place::Even { x, y, cell_width, cell_height } = grid.place else {
        return;
    };
    let rect = |row: usize, column: usize, rows: usize, columns: usize| {
        (
            x + column as f32 * cell_width - 0.5,
            y + row as f32 * cell_height - 0.5,
            columns as f32 * cell_width + 1.0 - gap,
            rows as f32 * cell_height + 1.0 - gap,
        )
    };
    // A light line inside the dark one, so that it stands out on any colour.
    let mark_cell = |rect, marks: &mut Vec<Mark>| {
        marks.push(outline(rect, view.colors.panel, 5.0));
        marks.push(outline(rect, view.colors.ink, 2.5));
    };
    let color = light(grid.tensor, &view.colors);
    for (source, is_made) in lights.all(setup) {
        let Some((row, column, rows, columns)) = part_of(grid, source).filter(|_| source.tensor() == grid.tensor)
        else {
            continue;
        };
        marks.push(outline(rect(row, column, rows, columns), color, 2.5));
        if let Some(term) = lights.term.filter(|_| is_made) {
            let (row, column) = if rows > columns { (row + term, column) } else { (row, column + term) };
            mark_cell(rect(row, column, 1, 1), marks);
        }
    }
    if let Some(focus) = lights.focus {
        for (row, column) in view.lit.iter().chain([&focus]).filter_map(|cell| grid.drawn_at(*cell)) {
            mark_cell(rect(row, column, 1, 1), marks);
        }
    }
}

/// In which colour a part of a matrix is lit.
pub(super) fn light(tensor: Tensor, colors: &Colors) -> Rgb {
    match role_of(tensor) {
        Role::Plain => colors.accent,
        role => colors.role(role),
    }
}

/// How wide a text will be, near enough to centre it; wide enough to hold it.
pub(super) fn about_width(text: &str, size: f32) -> f32 {
    text.chars().count() as f32 * size * 0.58
}

/// A part of a caption: text, its size, how wide it is for its size, how far it is lowered, how it is written.
type CaptionPart = (String, f32, f32, f32, Face);

/// How large a name is written.
const NAME_SIZE: f32 = 12.5;
/// Between the symbol and the name.
const CAPTION_SPACE: f32 = 6.0;

/// Symbol, its index, name; each may be empty.
fn caption(panel: &Panel) -> [CaptionPart; 3] {
    if let Some(name) = panel.names.1 {
        let nothing = || (String::new(), NAME_SIZE, 1.0, 0.0, Face::Math);
        return [nothing(), nothing(), (panel.names.0[name].to_owned(), NAME_SIZE, 1.0, 0.0, Face::Plain)];
    }
    let symbol = words::tensor_symbol(panel.tensor);
    let name = match panel {
        Panel { beside: true, .. } => String::new(),
        Panel { names_head: true, .. } => words::head(panel.head),
        _ => words::tensor_in_text(panel.tensor),
    };
    // "mask mask" says no more than "mask".
    let symbol = if !name.is_empty() && name.starts_with(symbol) { "" } else { symbol };
    let (symbol, index) = symbol.split_once('_').unwrap_or((symbol, ""));
    let symbol = if panel.transposed { format!("{symbol}ᵀ") } else { symbol.to_owned() };
    let symbol = if panel.matrix.is_change { words::change_of(&symbol) } else { symbol };
    [
        (symbol, 14.0, 1.15, 0.0, Face::Math),
        (index.to_owned(), 10.5, 1.0, 4.0, Face::Math),
        (name, NAME_SIZE, 1.0, 0.0, Face::Plain),
    ]
}

fn caption_width(panel: &Panel) -> f32 {
    let parts = caption(panel);
    let space = if parts[0].0.is_empty() || parts[2].0.is_empty() { 0.0 } else { CAPTION_SPACE };
    parts.iter().map(|(text, size, wide, ..)| about_width(text, *size) * wide).sum::<f32>() + space
}

/// How wide what is written over a panel may become.
fn title_width(panel: &Panel) -> f32 {
    let names = panel.names.0.iter().map(|name| about_width(name, NAME_SIZE));
    names.fold(caption_width(panel), f32::max)
}

/// The symbol in its colour and the name beside it, centred over the matrix.
fn draw_caption(panel: &Panel, middle: f32, y: f32, view: &View, marks: &mut Vec<Mark>) {
    let parts = caption(panel);
    let nameless = parts[2].0.is_empty();
    // Of a small matrix at the edge, it stays in the picture.
    let half = caption_width(panel) / 2.0;
    let middle = middle.min(view.width - half).max(half);
    let mut x = middle - caption_width(panel) / 2.0;
    for (part, (text, size, wide, lowered, face)) in parts.into_iter().enumerate() {
        if text.is_empty() {
            continue;
        }
        let width = about_width(&text, size) * wide;
        // A symbol ends where what follows begins: how wide it is is guessed.
        let (at, anchor, color) = match part {
            0 if nameless => (middle, Anchor::Middle, view.colors.role(role_of(panel.tensor))),
            0 => (x + width, Anchor::End, view.colors.role(role_of(panel.tensor))),
            1 => (x, Anchor::Start, view.colors.role(role_of(panel.tensor))),
            _ if x > middle - caption_width(panel) / 2.0 => (x + CAPTION_SPACE, Anchor::Start, view.colors.ink),
            _ => (x, Anchor::Start, view.colors.ink),
        };
        marks.push(Mark::Text(Text { x: at, y: y + lowered, text, size, color, anchor, face, turned: false }));
        x += width;
    }
}

/// A word cut to a width, given how wide it is in full.
pub(super) fn cut(word: &str, width: f32, most: f32) -> String {
    if width <= most {
        return word.to_owned();
    }
    // Letters differ in width: a word that begins with wide ones must fit too.
    let keep = (word.chars().count() as f32 * (most - LABEL_SIZE) * 0.88 / width).max(1.0) as usize;
    let mut cut: String = word.chars().take(keep).collect();
    cut.push('…');
    cut
}

fn draw_labels(
    laid: &Laid,
    grid: &Grid,
    (x, y, width, height): (f32, f32, f32, f32),
    lights: &Lights,
    data: &Data,
    view: &View,
    marks: &mut Vec<Mark>,
) {
    let colors = &view.colors;
    let panel = &laid.panel;
    let context = data.context();
    let (rows, columns) = swap_if(grid.transposed, grid.tensor.axes());
    let lit = lit_row_and_column(grid, lights, &data.setup);
    let label = |axis: Axis, index: usize, x: f32, y: f32, anchor: Anchor, turned: bool, most: f32, strong: bool| {
        let token = &context.tokens_of(axis)[index];
        let full = view.token_widths.get(index + data.first_width(axis)).copied().unwrap_or(0.0);
        Mark::Text(Text {
            x,
            y,
            text: cut(&token.text, full, most),
            size: LABEL_SIZE,
            color: colors.ink,
            anchor,
            face: if strong { Face::Strong } else { Face::Plain },
            turned,
        })
    };
    // Which side asks, in the corner between both.
    if has_corner(panel) {
        let mut x = x - 7.0;
        for (sign, role) in [("K→", Role::Key), ("Q↓", Role::Query)] {
            let (text, size, color) = (sign.to_owned(), CORNER.1, colors.role(role));
            let (anchor, face) = (Anchor::End, Face::Plain);
            marks.push(Mark::Text(Text { x, y: y - 11.0, text, size, color, anchor, face, turned: false }));
            x -= CORNER.0 / 2.0;
        }
    }
    if panel.row_labels {
        let step = height / grid.rows as f32;
        let lit = lit.and_then(|(row, _)| row);
        for row in 0..grid.rows {
            let strong = lit == Some(row);
            if is_labelled(row, lit, step) {
                let middle = y + (row as f32 + 0.5) * step;
                marks.push(label(rows, grid.first.0 + row, x - 7.0, middle, Anchor::End, false, LONGEST_LABEL, strong));
            }
        }
    }
    if panel.column_labels {
        let step = width / grid.columns as f32;
        let lit = lit.and_then(|(_, column)| column);
        for column in 0..grid.columns {
            let strong = lit == Some(column);
            let middle = x + (column as f32 + 0.5) * step;
            if laid.turned && is_labelled(column, lit, step) {
                marks.push(label(
                    columns,
                    grid.first.1 + column,
                    middle,
                    y - 6.0,
                    Anchor::Start,
                    true,
                    LONGEST_LABEL,
                    strong,
                ));
            } else if !laid.turned {
                marks.push(label(
                    columns,
                    grid.first.1 + column,
                    middle,
                    y - 11.0,
                    Anchor::Middle,
                    false,
                    step,
                    strong,
                ));
            }
        }
    }
    if let Some(heads) = panel.heads {
        let step = width / heads as f32;
        for head in 0..heads {
            let left = x + head as f32 * step;
            if step >= 44.0 {
                marks.push(Mark::Text(Text {
                    x: left + step / 2.0,
                    y: y - 10.0,
                    text: words::head(head),
                    size: 11.5,
                    color: colors.soft,
                    anchor: Anchor::Middle,
                    face: Face::Plain,
                    turned: false,
                }));
            }
            if head > 0 {
                marks.push(Mark::Line(Line {
                    points: vec![(left, y - 4.0), (left, y + height + 4.0)],
                    color: colors.ink,
                    width: 1.0,
                }));
            }
        }
    }
}

/// Whether a row or column has its label: where they are too thin for letters, every second has, or every third; the lit
/// one always has, and its neighbours make room.
fn is_labelled(index: usize, lit: Option<usize>, step: f32) -> bool {
    const LETTERS: f32 = 11.0;
    let every = (LETTERS / step).ceil().max(1.0) as usize;
    let makes_room = lit.is_some_and(|lit| lit != index && lit.abs_diff(index) < every);
    lit == Some(index) || (index.is_multiple_of(every) && !makes_room)
}

/// The drawn row and column that are lit in this grid.
fn lit_row_and_column(grid: &Grid, lights: &Lights, setup: &Setup) -> Option<(Option<usize>, Option<usize>)> {
    if let Some((row, column)) = lights.focus.and_then(|focus| grid.drawn_at(focus)) {
        return Some((Some(row), Some(column)));
    }
    let (source, _) = lights.all(setup).into_iter().find(|(source, _)| source.tensor() == grid.tensor)?;
    let (row, column) = match source {
        Source::Row(_, row) => (Some(row), None),
        Source::Column(_, column) => (None, Some(column)),
        Source::Cell(_, row, column) => (Some(row), Some(column)),
    };
    let (row, column) = if grid.transposed { (column, row) } else { (row, column) };
    let shown = |index: Option<usize>, first: usize, count: usize| index?.checked_sub(first).filter(|at| *at < count);
    Some((shown(row, grid.first.0, grid.rows), shown(column, grid.first.1, grid.columns)))
}

/// What the colours mean.
pub(super) struct Legend<'a> {
    pub(super) meaning: &'a str,
    pub(super) scale: Scale,
    /// How many cells lie below its lower end, and above its upper end: their colours are those of the ends.
    pub(super) beyond: (usize, usize),
    /// What it explains besides.
    pub(super) more: Option<&'a str>,
    /// Where width means the same as colour: how wide the upper end is.
    pub(super) wedge: Option<f32>,
}

/// The colours' meaning: a bar with its ends, or a wedge, and words. Returns the lower edge.
pub(super) fn draw_legend(legend: &Legend, y: f32, view: &View, marks: &mut Vec<Mark>) -> f32 {
    const BARS: usize = 90;
    let colors = &view.colors;
    let Legend { scale, beyond: (below, above), .. } = *legend;
    let to = scale.end();
    let (mut low, mut high, from) = match scale {
        Scale::Signed(max, _) => (short(-max), format!("+{}", short(max)), -max),
        Scale::Share(max, _) => ("0".to_owned(), share_end(max), 0.0),
    };
    for (end, sign, count) in [(&mut low, "≤ ", below), (&mut high, "≥ ", above)] {
        if count > 0 {
            end.insert_str(0, sign);
        }
    }
    let width = 180.0;
    let mut meanings = vec![legend.meaning.to_owned()];
    if below + above > 0 {
        meanings.push(words::cells_beyond(below + above));
    }
    meanings.extend(legend.more.map(str::to_owned));
    let meaning = meanings.join(" · ");
    let (low_width, high_width) = (about_width(&low, 12.0) + 8.0, about_width(&high, 12.0) + 8.0);
    let whole = low_width + width + high_width + 14.0 + about_width(&meaning, 12.0);
    let beside = whole <= view.width;
    let left = (view.width - if beside { whole } else { width }).max(0.0) / 2.0 + if beside { low_width } else { 0.0 };
    // A wedge's slices stand on whole pixels, or the borders between them would be seen.
    let left = if legend.wedge.is_some() { left.round() } else { left };
    let middle = y + 14.0;
    let color_at = |part: f32| scale.color(from + (to - from) * part);
    if let Some(widest) = legend.wedge {
        let bar = width / BARS as f32;
        for part in (0..BARS).map(|i| (i as f32 + 0.5) / BARS as f32) {
            let (x, half) = (left + part * width, (part * widest / 2.0).max(0.5));
            let points = vec![(x, middle - half), (x, middle + half)];
            let color = line_color(color_at(part), 2.0 * half, colors);
            marks.push(Mark::Line(Line { points, color, width: bar }));
        }
    } else {
        marks.push(Mark::Heatmap(Heatmap {
            x: left,
            y: middle - 5.0,
            cell_width: width / BARS as f32,
            cell_height: 10.0,
            gap: 0.0,
            rows: 1,
            columns: BARS,
            cells: (0..BARS).map(|i| Cell::Color(color_at((i as f32 + 0.5) / BARS as f32))).collect(),
            hatch_ground: colors.chip,
            hatch_line: hatch_line(colors),
        }));
    }
    let text = |x: f32, y: f32, text: String, anchor: Anchor| {
        Mark::Text(Text { x, y, text, size: 12.0, color: colors.soft, anchor, face: Face::Plain, turned: false })
    };
    marks.push(text(left - 8.0, middle, low, Anchor::End));
    marks.push(text(left + width + 8.0, middle, high, Anchor::Start));
    if beside {
        marks.push(text(left + width + high_width + 14.0, middle, meaning, Anchor::Start));
        return middle + 14.0;
    }
    let mut y = middle;
    for meaning in meanings {
        y += 19.0;
        marks.push(text(view.width / 2.0, y, meaning, Anchor::Middle));
    }
    y + 14.0
}
