//! What the tracer writes down: rows, holds, waits and arrows.

use super::{Tracer, Want};
use crate::event::{Event, Failure, Log, ObjectId, Op, ThreadId};
use crate::report::source::Spot;
use crate::report::timeline::{Arrow, Blocked, Hold, Kind, On, Row, State, Timeline};

impl Tracer<'_> {
    /// The row for a step that needs no more than its own words. Returns its number.
    pub(super) fn plain_row(&mut self, event: &Event) -> usize {
        let class = self.class(event.object);
        let name = self.name(event.object).to_owned();
        match self.phrases.of(&event.op, class, &name, self.threads) {
            Some((kind, text)) => self.row(event, kind, text),
            None => self.timeline.rows.len(),
        }
    }

    /// A row in `event`'s place; a silent thread gets none. Returns the number of the last row.
    pub(super) fn row(&mut self, event: &Event, kind: Kind, text: String) -> usize {
        let (spot, function) = self.spot(event);
        self.push(event.thread, kind, event.object, text, spot, function)
    }

    fn push(
        &mut self,
        thread: ThreadId,
        kind: Kind,
        object: Option<ObjectId>,
        text: String,
        spot: Spot,
        function: String,
    ) -> usize {
        let step = self.timeline.rows.len() + 1;
        if self.each[thread].silent {
            return step - 1;
        }
        let (code, state) = (self.sources.line(&spot), self.state());
        self.timeline.rows.push(Row {
            step,
            thread,
            kind,
            object,
            text,
            spot,
            code,
            function,
            state,
        });
        step
    }

    /// A row that says that the thread has to wait, which it does from here on.
    pub(super) fn blocks(&mut self, event: &Event, on: On, text: String) {
        let step = self.timeline.rows.len() + 1;
        self.each[event.thread].wants = Some(self.want(event, on, Some(step)));
        self.row(event, Kind::Block, text);
    }

    pub(super) fn want(&mut self, event: &Event, on: On, step: Option<usize>) -> Want {
        let (spot, function) = self.spot(event);
        Want { on, spot, function, step, notified: None }
    }

    pub(super) fn arrow(&mut self, from: Option<usize>, to: usize) {
        let thread = |step: usize| self.timeline.rows.get(step.wrapping_sub(1)).map(|r| r.thread);
        if let Some(from) = from.filter(|from| *from < to && thread(*from) != thread(to)) {
            self.timeline.arrows.push(Arrow { from, to });
        }
    }

    pub(super) fn hold(&mut self, event: &Event, lock: Option<ObjectId>, shared: bool) {
        let Some(lock) = lock else { return };
        let (spot, _) = self.spot(event);
        let step = self.timeline.rows.len() + 1;
        self.holds.push(Hold { thread: event.thread, lock, shared, step, spot });
    }

    pub(super) fn release(&mut self, thread: ThreadId, lock: Option<ObjectId>) {
        let is_it = |hold: &Hold| Some(hold.lock) == lock && hold.thread == thread;
        if let Some(at) = self.holds.iter().rposition(is_it) {
            self.holds.remove(at);
        }
    }

    /// ` (held by a, b)`, or nothing.
    pub(super) fn holders(&self, lock: Option<ObjectId>) -> String {
        let holds = self.holds.iter().filter(|hold| Some(hold.lock) == lock);
        let names: Vec<&str> = holds.map(|hold| self.threads[hold.thread].as_str()).collect();
        if names.is_empty() { String::new() } else { format!(" (held by {})", names.join(", ")) }
    }

    pub(super) fn waiting_for(&self, is_it: impl Fn(On) -> bool) -> Vec<ThreadId> {
        let waits = |thread: &ThreadId| {
            let want = self.each[*thread].wants.as_ref();
            want.is_some_and(|want| is_it(want.on) && want.notified.is_none())
        };
        (0..self.each.len()).filter(waits).collect()
    }

    pub(super) fn state(&self) -> State {
        let waits = |thread: &ThreadId| {
            self.each[*thread].wants.as_ref().is_some_and(|want| want.step.is_some())
        };
        State {
            held: self.holds.iter().map(|hold| (hold.thread, hold.lock)).collect(),
            waiting: (0..self.each.len()).filter(waits).collect(),
        }
    }

    pub(super) fn name(&self, object: Option<ObjectId>) -> &str {
        object.and_then(|object| self.names.get(object)).map_or("?", String::as_str)
    }

    pub(super) fn class(&self, object: Option<ObjectId>) -> &'static str {
        object.and_then(|object| self.log.objects.get(object)).map_or("", |object| object.class)
    }

    /// The place of a step, and the function around it. A `drop` has no line of its own, and a step
    /// inside a dependency is of no use to the learner: there the backtrace knows better.
    fn spot(&mut self, event: &Event) -> (Spot, String) {
        let given = self.sources.spot(event.place.file(), event.place.line());
        let Some(frame) = event.frames.first() else { return (given, String::new()) };
        let has_no_line = matches!(event.op, Op::Unlocked | Op::ReadUnlocked | Op::Panicked(_));
        let function = short_function(&frame.function);
        if has_no_line || !self.sources.has(&given) {
            (self.sources.spot(&frame.file, frame.line), function)
        } else {
            (given, function)
        }
    }

    /// Whether the thread's next step is the log's next step too: it did not wait.
    pub(super) fn goes_on(&self, index: usize) -> bool {
        let events = &self.log.events;
        events.get(index + 1).is_some_and(|next| next.thread == events[index].thread)
    }

    /// Whether the panic at `index` ends in a task, and the thread lives on.
    pub(super) fn is_caught_by_task(&self, index: usize) -> bool {
        let thread = self.log.events[index].thread;
        let mut later = self.log.events[index + 1..].iter().filter(|event| event.thread == thread);
        later.any(|event| matches!(event.op, Op::TaskPanicked(_)))
    }

    /// Closes the books. In a deadlock, a want that nobody saw block has blocked for ever; it comes
    /// last, since its thread did nothing after it.
    pub(super) fn finish(mut self, deadlock: bool) -> Timeline {
        for thread in 0..self.each.len() {
            let Some(want) = self.each[thread].wants.clone() else { continue };
            let step = want.step.unwrap_or(self.timeline.rows.len() + 1);
            if want.step.is_none() && deadlock {
                self.block_last(thread, &want, step);
            }
            let on = self.really_on(&want);
            self.timeline.blocked.push(Blocked { thread, on, step, spot: want.spot });
        }
        self.timeline.held = self.holds;
        self.timeline
    }

    fn block_last(&mut self, thread: ThreadId, want: &Want, step: usize) {
        let (object, text) = match want.on {
            On::Lock(lock) => (Some(lock), self.wants_text(lock, thread)),
            On::End(child) => (None, format!("waits for {} to end", self.threads[child])),
            _ => return,
        };
        self.each[thread].wants.as_mut().expect("the caller looked").step = Some(step);
        self.push(thread, Kind::Block, object, text, want.spot.clone(), want.function.clone());
    }

    /// A waiter that was notified, but whose mutex is taken, waits for the mutex.
    fn really_on(&self, want: &Want) -> On {
        match want.on {
            On::Condvar { mutex, .. }
                if want.notified.is_some() && self.holds.iter().any(|hold| hold.lock == mutex) =>
            {
                On::Lock(mutex)
            }
            on => on,
        }
    }
}

/// `patterns::semaphore::Semaphore::acquire::{{closure}}` is `Semaphore::acquire`. A closure of which
/// nothing else is known has no name.
fn short_function(path: &str) -> String {
    let named = |part: &&str| !part.starts_with('{');
    let parts: Vec<&str> = path.split("::").take_while(named).collect();
    crate::report::plain(&parts[parts.len().saturating_sub(2)..].join("::"))
}

/// The panic that failed the execution, by its index; what its thread does later is unwinding.
pub(super) fn fatal_panic(log: &Log, failure: &Failure) -> Option<usize> {
    let (Failure::Panic { thread, message } | Failure::TaskPanic { thread, message }) = failure
    else {
        return None;
    };
    let panics = |index: &usize| {
        let event = &log.events[*index];
        event.thread == *thread && matches!(event.op, Op::Panicked(_))
    };
    let says_so = |index: &usize| match &log.events[*index].op {
        Op::Panicked(words) => words.contains(message.as_str()) || message.contains(words.as_str()),
        _ => false,
    };
    let all: Vec<usize> = (0..log.events.len()).filter(panics).collect();
    all.iter().rev().copied().find(says_so).or(all.last().copied())
}

#[cfg(test)]
mod tests {
    use super::short_function;

    #[test]
    fn a_function_is_its_type_and_its_name() {
        for (path, expected) in [
            ("patterns::semaphore::Semaphore::acquire::{{closure}}", "Semaphore::acquire"),
            ("acquire::{closure#0}::{closure#1}", "acquire"),
            ("{closure#1}", ""),
            ("main", "main"),
        ] {
            assert_eq!(short_function(path), expected);
        }
    }
}
