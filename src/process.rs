//! Runs a program that may hang, flood or die, and always gets the terminal back.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// The process groups that run now: what a signal to the runner has to end.
static GROUPS: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

/// How much of an output is kept at each end.
const KEPT: usize = 1 << 20;

/// How the line ends that stands for what was not kept.
pub(crate) const LEFT_OUT: &str = "bytes are left out here …";

/// How much of a line is looked at.
const LONGEST: usize = 4096;

/// What a program did.
pub(crate) struct Finished {
    /// How it ended; none if it had to be ended.
    pub(crate) status: Option<ExitStatus>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Ends what was started when the runner is told to end: a group of its own does not hear Ctrl-C.
pub(crate) fn end_children_on_signals() -> io::Result<()> {
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            // Held to the end, so that no program starts in between.
            let groups = groups();
            groups.iter().for_each(|group| end(*group));
            std::process::exit(128 + signal);
        }
    });
    Ok(())
}

/// Runs a program in a process group of its own. It is ended when it was silent for `patience`: the
/// time starts with it, and again with every line of its output that is `progress`.
pub(crate) fn run(
    command: &mut Command,
    patience: Duration,
    progress: fn(&str) -> bool,
) -> io::Result<Finished> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let (mut child, group) = {
        let mut groups = groups();
        let child = command.spawn()?;
        let group = Pid::from_child(&child);
        groups.push(group);
        (child, group)
    };
    let (events, happened) = channel();
    let stdout = child.stdout.take().expect("it is piped");
    let stderr = child.stderr.take().expect("it is piped");
    let heard = events.clone();
    let stdout = capture(stdout, move |line| {
        if progress(line) {
            // Nobody listens any more once the program has ended.
            let _ = heard.send(Event::Progress);
        }
    });
    let stderr = capture(stderr, |_| {});
    std::thread::spawn(move || events.send(Event::Exited(child.wait())));
    let mut deadline = Instant::now() + patience;
    let (mut ended_by_us, mut limit) = (false, patience);
    let status = loop {
        match happened.recv_timeout(limit) {
            Ok(Event::Progress) => deadline = Instant::now() + patience,
            Ok(Event::Exited(status)) => break status?,
            Err(RecvTimeoutError::Timeout) if !ended_by_us => {
                ended_by_us = true;
                end(group);
            }
            Err(_) => {}
        }
        // Once killed, the rest is a matter of the system: wait for it, however long.
        limit = match ended_by_us {
            true => Duration::MAX,
            false => deadline.saturating_duration_since(Instant::now()),
        };
    };
    // What the program itself has started may live on, and hold the pipes.
    end(group);
    groups().retain(|other| *other != group);
    let text = |reader: JoinHandle<Kept>| reader.join().expect("a reader does not panic").text();
    let status = (!ended_by_us).then_some(status);
    Ok(Finished { status, stdout: text(stdout), stderr: text(stderr) })
}

enum Event {
    Progress,
    Exited(io::Result<ExitStatus>),
}

fn groups() -> MutexGuard<'static, Vec<Pid>> {
    GROUPS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn end(group: Pid) {
    // It fails only for a group that has ended.
    let _ = kill_process_group(group, Signal::KILL);
}

/// Reads a pipe to its end, and shows each line as it comes.
fn capture(
    mut pipe: impl Read + Send + 'static,
    show: impl Fn(&str) + Send + 'static,
) -> JoinHandle<Kept> {
    std::thread::spawn(move || {
        let mut kept = Kept::default();
        let mut line = Vec::new();
        let mut buffer = vec![0; 1 << 16];
        while let Ok(length @ 1..) = pipe.read(&mut buffer) {
            let chunk = &buffer[..length];
            kept.push(chunk);
            for part in chunk.split_inclusive(|byte| *byte == b'\n') {
                // A line longer than any test's name is none of those looked for.
                if line.len() < LONGEST {
                    line.extend_from_slice(&part[..part.len().min(LONGEST)]);
                }
                if part.ends_with(b"\n") {
                    show(String::from_utf8_lossy(&line).trim_end());
                    line.clear();
                }
            }
        }
        kept
    })
}

/// The head and the tail of an output.
#[derive(Default)]
struct Kept {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    left_out: usize,
}

impl Kept {
    fn push(&mut self, chunk: &[u8]) {
        let (head, rest) = chunk.split_at(chunk.len().min(KEPT - self.head.len()));
        self.head.extend_from_slice(head);
        self.tail.extend(rest);
        let excess = self.tail.len().saturating_sub(KEPT);
        self.tail.drain(..excess);
        self.left_out += excess;
    }

    fn text(mut self) -> String {
        if self.left_out > 0 {
            let note = format!("\n… {} {LEFT_OUT}\n", self.left_out);
            self.head.extend_from_slice(note.as_bytes());
        }
        self.head.extend(self.tail);
        String::from_utf8_lossy(&self.head).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_output_keeps_its_head_and_its_tail() {
        let mut kept = Kept::default();
        kept.push(b"first ");
        for _ in 0..64 {
            kept.push(&[b'x'; 1 << 16]);
        }
        kept.push(b" last");
        assert_eq!(kept.head.len() + kept.tail.len(), 2 * KEPT);
        let text = kept.text();
        assert!(text.starts_with("first x") && text.ends_with("x last"));
        assert!(
            text.contains(&format!("… {} bytes are left out here …", (64 << 16) + 11 - 2 * KEPT))
        );
    }
}
