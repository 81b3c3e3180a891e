//! What the inspector's sentence claims of a cell: found here, from the stored numbers that the cell was made from, and
//! put into words by `words::why`.

use std::cmp::Ordering;

/// How the products of a sum stand to one another.
#[derive(Clone, Debug, PartialEq)]
pub struct Balance {
    /// The sum, as the engine stored it.
    pub value: f64,
    /// What the positive products come to.
    pub up: f64,
    /// What the negative ones come to; 0 or less.
    pub down: f64,
    /// How many products there are.
    pub count: usize,
    /// Of the largest in size, one or two: which, and what it is.
    pub largest: Vec<(usize, f64)>,
}

/// Where a number stands among others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// How many are larger.
    pub above: usize,
    /// How many others are equal to it.
    pub tied: usize,
    /// How many are smaller.
    pub below: usize,
}

/// A share of attention.
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    /// As the engine stored it.
    pub share: f64,
    /// The masked score that it comes from.
    pub score: f64,
    /// Where this score stands among those that may be seen: its share stands as its score does.
    pub standing: Standing,
    /// The key with the highest score, the first of them.
    pub best: usize,
    /// How far below that the score lies.
    pub distance: f64,
    /// How the share stands to an even one; equal where the two read the same.
    pub to_even: Ordering,
}

/// What puts most into a mixed value.
#[derive(Clone, Debug, PartialEq)]
pub struct Mix {
    /// The key, the first of those that put in as much.
    pub most: usize,
    /// What it puts in.
    pub amount: f64,
    /// How many others put in as much, to either side.
    pub tied: usize,
    /// Its share of attention.
    pub share: f64,
    /// Its value.
    pub value: f64,
    /// Whether no key has a larger share.
    pub has_largest_share: bool,
    /// Whether no key that may be seen has a value of larger size.
    pub has_largest_value: bool,
    /// How many keys may be seen.
    pub visible: usize,
}

/// A row's largest.
#[derive(Clone, Debug, PartialEq)]
pub struct Peak {
    /// The key, the first of those that are as large.
    pub key: usize,
    /// The number.
    pub value: f64,
    /// How many others are as large.
    pub tied: usize,
    /// How many keys may be seen.
    pub visible: usize,
}

impl Standing {
    /// Where a number stands among these, of which it is one.
    pub fn of(number: f32, all: impl Iterator<Item = f32>) -> Self {
        let mut standing = Self { above: 0, tied: 0, below: 0 };
        for other in all {
            match other.total_cmp(&number) {
                _ if other == number => standing.tied += 1,
                Ordering::Greater => standing.above += 1,
                _ => standing.below += 1,
            }
        }
        Self { tied: standing.tied.saturating_sub(1), ..standing }
    }

    /// How many there are.
    pub fn count(self) -> usize {
        self.above + self.tied + self.below + 1
    }
}

impl Balance {
    /// How much of what pulls one way is undone by what pulls the other, 0 to 1.
    pub fn cancelled(&self) -> f64 {
        let (smaller, larger) = (self.up.min(-self.down), self.up.max(-self.down));
        if larger > 0.0 { smaller / larger } else { 0.0 }
    }
}

/// A sum of products, stored as `value`.
pub fn balance(value: f32, left: &[f32], right: &[f32]) -> Balance {
    let mut balance =
        Balance { value: value.into(), up: 0.0, down: 0.0, count: left.len().min(right.len()), largest: Vec::new() };
    for (index, (&left, &right)) in left.iter().zip(right).enumerate() {
        let product = f64::from(left) * f64::from(right);
        if product > 0.0 {
            balance.up += product;
        } else {
            balance.down += product;
        }
        let largest = &mut balance.largest;
        let place = largest.iter().position(|(_, other)| product.abs() > other.abs()).unwrap_or(largest.len());
        largest.insert(place, (index, product));
        largest.truncate(2);
    }
    balance
}

/// The share of one key, stored as `share`, in a row of masked scores.
pub fn share(share: f32, scores: &[f32], key: usize, visible: &[usize]) -> Share {
    let score = scores[key];
    let standing = Standing::of(score, visible.iter().map(|&key| scores[key]));
    let Peak { key: best, value: highest, .. } = peak(scores, visible);
    // Two that read the same to a tenth of a percent are called the same.
    let from_even = f64::from(share) - 1.0 / standing.count() as f64;
    let to_even = if from_even.abs() < 5e-4 { Ordering::Equal } else { from_even.total_cmp(&0.0) };
    let (share, score) = (share.into(), score.into());
    Share { share, score, standing, best, distance: highest - score, to_even }
}

/// What puts most into `Σ shares[key] · values[key]`.
pub fn mix(shares: &[f32], values: &[f32], visible: &[usize]) -> Mix {
    let amount = |key: usize| f64::from(shares[key]) * f64::from(values[key]);
    let mut most = visible.first().copied().unwrap_or(0);
    for &key in visible {
        if amount(key).abs() > amount(most).abs() {
            most = key;
        }
    }
    let as_much = visible.iter().filter(|&&key| amount(key).abs() == amount(most).abs()).count();
    Mix {
        most,
        amount: amount(most),
        tied: as_much.saturating_sub(1),
        share: shares[most].into(),
        value: values[most].into(),
        has_largest_share: !visible.iter().any(|&key| shares[key] > shares[most]),
        has_largest_value: !visible.iter().any(|&key| values[key].abs() > values[most].abs()),
        visible: visible.len(),
    }
}

/// The largest of a row, of those that may be seen.
pub fn peak(row: &[f32], visible: &[usize]) -> Peak {
    let mut peak = Peak { key: 0, value: f64::NEG_INFINITY, tied: 0, visible: 0 };
    for &key in visible {
        let value = f64::from(row[key]);
        peak.visible += 1;
        if value == peak.value && peak.visible > 1 {
            peak.tied += 1;
        } else if value > peak.value || peak.visible == 1 {
            (peak.key, peak.value, peak.tied) = (key, value, 0);
        }
    }
    peak
}
