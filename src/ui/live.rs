//! Values that can be followed.
//!
//! Leptos' reactive graph does the following; the value itself lies beside its trigger. Leptos' own signals are built
//! anew for each type of value and each closure, and that would make the app half as large again.

use std::cell::{Cell, Ref, RefCell, RefMut};

use leptos::{prelude::*, reactive::signal::ArcTrigger};

/// A value that lives as long as the page. Reading it in the first closure of [`watch`] follows it. Copying it copies
/// the handle.
pub struct Live<T: 'static>(&'static Inner<T>);

struct Inner<T> {
    value: RefCell<T>,
    change: Change,
}

/// What is the same for every type of value.
struct Change {
    trigger: ArcTrigger,
    count: Cell<usize>,
}

impl<T> Clone for Live<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Live<T> {}

impl<T> Live<T> {
    /// The page keeps it until it is closed.
    pub fn new(value: T) -> Self {
        let change = Change { trigger: ArcTrigger::new(), count: Cell::new(0) };
        Self(Box::leak(Box::new(Inner { value: RefCell::new(value), change })))
    }

    /// Follows the value, and lends it. It must not be changed meanwhile.
    pub fn read(self) -> Ref<'static, T> {
        self.0.change.follow();
        self.0.value.borrow()
    }

    /// Follows the value, and copies it.
    pub fn get(self) -> T
    where
        T: Clone,
    {
        self.read().clone()
    }

    /// Follows the value, and counts its changes: what to follow where comparing two values would cost.
    pub fn version(self) -> usize {
        self.0.change.follow();
        self.0.change.count.get()
    }

    /// Changes the value.
    pub fn set(self, value: T) {
        *self.0.value.borrow_mut() = value;
        self.0.change.tell();
    }

    /// Changes the value, if the new one is another.
    pub fn renew(self, value: T)
    where
        T: PartialEq,
    {
        if *self.0.value.borrow() != value {
            self.set(value);
        }
    }

    /// Changes the value where it lies.
    pub fn update<R>(self, change: impl FnOnce(&mut T) -> R) -> R {
        let mut value: RefMut<T> = self.0.value.borrow_mut();
        let result = change(&mut value);
        drop(value);
        self.0.change.tell();
        result
    }
}

impl Change {
    fn follow(&self) {
        self.trigger.track();
    }

    /// Whoever follows is run later, never at once.
    fn tell(&self) {
        self.count.set(self.count.get() + 1);
        self.trigger.notify();
    }
}

/// Runs `write` with what `read` gives: soon, and again whenever it gives something new. The values that `read` reads
/// are followed, those that `write` reads are not.
pub fn watch<T: PartialEq + 'static>(read: impl Fn() -> T + 'static, write: impl Fn(&T) + 'static) {
    let last = RefCell::new(None);
    effect(Box::new(move || {
        let now = Some(read());
        if *last.borrow() != now {
            if let Some(now) = &now {
                unfollowed(&|| write(now));
            }
            *last.borrow_mut() = now;
        }
    }));
}

/// One type of effect, whatever it does.
fn effect(run: Box<dyn Fn()>) {
    Effect::new(run);
}

fn unfollowed(run: &dyn Fn()) {
    untrack(run);
}
