//! Waiting and waking: condition variables, parks and tasks.

use super::Tracer;
use crate::event::{Event, ObjectId, Op, ThreadId};
use crate::report::timeline::{Kind, On, Target, WakeUp};

impl Tracer<'_> {
    pub(super) fn waits(&mut self, event: &Event, mutex: ObjectId) {
        let Some(condvar) = event.object else { return };
        self.release(event.thread, Some(mutex));
        let text = format!("waits on {}, unlocks {}", self.names[condvar], self.names[mutex]);
        self.blocks(event, On::Condvar { condvar, mutex }, text);
        self.released.insert(mutex, self.timeline.rows.len());
    }

    pub(super) fn wait_over(&mut self, event: &Event, mutex: ObjectId) {
        let want = self.each[event.thread].wants.take();
        self.hold(event, Some(mutex), false);
        let step = self.plain_row(event);
        if let Some(row) = self.timeline.rows.last_mut().filter(|row| row.step == step) {
            row.text.push_str(&format!(", locks {}", self.names[mutex]));
        }
        if !matches!(event.op, Op::WaitOver { timed_out: true, .. }) {
            let from = self.claim(event, want.and_then(|want| want.notified));
            self.arrow(from, step);
        }
    }

    /// The notify that ended a wait: the one that was for this thread alone or for all, else the
    /// first that was for one of several and that nobody has claimed.
    fn claim(&mut self, event: &Event, notified: Option<usize>) -> Option<usize> {
        let target = event.object.map(Target::Object);
        let mut wakes = self.timeline.wakes.iter_mut();
        let wake = wakes.find(|wake| match notified {
            Some(step) => wake.step == step,
            None => {
                wake.open && Some(wake.target) == target && wake.heard_by.contains(&event.thread)
            }
        })?;
        wake.open = false;
        wake.got_by.get_or_insert(event.thread);
        Some(wake.step)
    }

    pub(super) fn notifies(&mut self, event: &Event) {
        let Some(condvar) = event.object else { return };
        let waits = |on| matches!(on, On::Condvar { condvar: c, .. } if c == condvar);
        let mut heard_by = self.waiting_for(waits);
        let target = Target::Object(condvar);
        let unclaimed = self.timeline.wakes.iter().filter(|w| w.open && w.target == target).count();
        let all = event.op == Op::NotifyAll;
        if !all && unclaimed >= heard_by.len() {
            heard_by.clear();
        }
        let call = if all { "notify_all" } else { "notify_one" };
        let name = &self.names[condvar];
        let text = match heard_by.as_slice() {
            [] => format!("{call} {name}: nobody waits"),
            [one] => format!("{call} {name}: wakes {}", self.threads[*one]),
            many if all => format!("{call} {name}: wakes all {}", many.len()),
            many => format!("{call} {name}: wakes one of {}", many.len()),
        };
        self.wakes_up(event, target, heard_by, text);
    }

    pub(super) fn unparks(&mut self, event: &Event, target: ThreadId) {
        let parked = self.each[target].wants.as_ref().is_some_and(|want| want.on == On::Park);
        self.each[target].token = !parked;
        let heard_by = if parked { vec![target] } else { Vec::new() };
        let text = format!("unparks {}", self.threads[target]);
        self.wakes_up(event, Target::Thread(target), heard_by, text);
    }

    pub(super) fn wakes(&mut self, event: &Event) {
        let Some(task) = event.object else { return };
        let heard_by = self.waiting_for(|on| on == On::Task(task));
        let text = format!("wakes {}", self.names[task]);
        self.wakes_up(event, Target::Object(task), heard_by, text);
    }

    fn wakes_up(&mut self, event: &Event, target: Target, heard_by: Vec<ThreadId>, text: String) {
        let step = self.row(event, Kind::Wake, text);
        let open = event.op == Op::NotifyOne && heard_by.len() > 1;
        for thread in heard_by.iter().filter(|_| !open) {
            if let Some(want) = &mut self.each[*thread].wants {
                want.notified = Some(step);
            }
        }
        let too_late = event.object.is_some_and(|object| self.gone.contains(&object));
        let thread = event.thread;
        let got_by = None;
        self.timeline.wakes.push(WakeUp { step, thread, target, heard_by, open, got_by, too_late });
    }

    pub(super) fn park_over(&mut self, event: &Event) {
        let blocked = self.each[event.thread].wants.is_some();
        self.each[event.thread].token = false;
        if blocked {
            self.awake(event);
        } else {
            self.row(event, Kind::Take, "park: was unparked before".to_owned());
        }
    }

    pub(super) fn awake(&mut self, event: &Event) {
        let notified = self.each[event.thread].wants.take().and_then(|want| want.notified);
        let step = self.plain_row(event);
        let from = notified.and_then(|notified| self.claim(event, Some(notified)));
        self.arrow(from, step);
    }
}
