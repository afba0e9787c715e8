//! Standard output, whose reader may leave: `cargo run -- diff semaphore | head`.

use std::fmt::Arguments;
use std::io::{ErrorKind, Result, Write};

use crate::exit;

/// `print!` that does not mind when nobody reads.
macro_rules! out {
    ($($words:tt)*) => { $crate::out::write(format_args!($($words)*)) };
}

/// `println!` that does not mind when nobody reads.
macro_rules! outln {
    () => { $crate::out::write(format_args!("\n")) };
    ($($words:tt)*) => { $crate::out::write(format_args!("{}\n", format_args!($($words)*))) };
}

/// Writes to standard output. A check goes on to its end and is remembered, whoever looks on.
pub(crate) fn write(words: Arguments<'_>) {
    settle(std::io::stdout().write_fmt(words));
}

/// Shows what has no line end yet.
pub(crate) fn flush() {
    settle(std::io::stdout().flush());
}

fn settle(written: Result<()>) {
    if let Err(error) = written
        && error.kind() != ErrorKind::BrokenPipe
    {
        eprintln!("standard output cannot be written to: {error}");
        std::process::exit(exit::ENVIRONMENT.into());
    }
}
