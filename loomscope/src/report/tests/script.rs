//! A small language for executions.

use crate::event::{Event, Failure, Found, Frame, Log, Object, ObjectId, Op, ThreadId};
use crate::report::Report;
use crate::report::source::Sources;
use std::panic::Location;

/// One execution of a source text.
pub(super) struct Script {
    file: &'static str,
    source: &'static str,
    pub(super) log: Log,
}

impl Script {
    pub(super) fn new(file: &'static str, source: &'static str, threads: &[&str]) -> Self {
        let threads = threads.iter().map(|name| Some((*name).to_owned())).collect();
        Self { file, source, log: Log { threads, ..Log::default() } }
    }

    /// An object by a given name.
    #[track_caller]
    pub(super) fn object(&mut self, class: &'static str, name: &'static str) -> ObjectId {
        let name = Some(name).filter(|name| !name.is_empty());
        self.log.objects.push(Object { class, place: Location::caller(), name, alive: true });
        self.log.objects.len() - 1
    }

    /// A step on `object`, at the first line of the source that contains `code`.
    #[track_caller]
    pub(super) fn on(
        &mut self,
        thread: ThreadId,
        object: ObjectId,
        op: Op,
        code: &str,
    ) -> &mut Self {
        self.event(thread, op, Some(object), code)
    }

    /// A step on no object.
    #[track_caller]
    pub(super) fn does(&mut self, thread: ThreadId, op: Op, code: &str) -> &mut Self {
        self.event(thread, op, None, code)
    }

    /// Want and have.
    #[track_caller]
    pub(super) fn locks(&mut self, thread: ThreadId, lock: ObjectId, code: &str) -> &mut Self {
        self.on(thread, lock, Op::LockWant, code).on(thread, lock, Op::Locked, code)
    }

    #[track_caller]
    fn event(
        &mut self,
        thread: ThreadId,
        op: Op,
        object: Option<ObjectId>,
        code: &str,
    ) -> &mut Self {
        let line = self.source.lines().position(|line| line.contains(code));
        let line = line.unwrap_or_else(|| panic!("no line with {code:?}")) as u32 + 1;
        let function = "patterns::gate::Gate::pass::{{closure}}".to_owned();
        let frames = vec![Frame { function, file: self.file.to_owned(), line }];
        self.log.events.push(Event { thread, op, object, place: Location::caller(), frames });
        self
    }

    pub(super) fn fails(&mut self, name: &str, failure: Failure) -> Report {
        let found = Found {
            engine: "loom",
            execution: 3,
            preemptions: Some(1),
            seed: None,
            replayed: true,
        };
        let sources = Sources::of(&[(self.file, self.source)]);
        Report::with_sources(name, &failure, found, &self.log, sources)
    }
}

/// An unnamed mutex, made where it is called from.
#[track_caller]
pub(super) fn made(log: &mut Log) -> ObjectId {
    log.objects.push(Object { class: "Mutex", place: Location::caller(), name: None, alive: true });
    log.objects.len() - 1
}
