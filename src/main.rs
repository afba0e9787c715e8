//! The runner of the workbook: checks an answer, and says in words what to do next.

#![forbid(unsafe_code)]
// They panic once nobody reads: `out!` and `outln!` do not.
#![deny(clippy::print_stdout)]

#[cfg(not(unix))]
compile_error!(
    "the runner ends an answer that hangs through its Unix process group: use Linux, macOS or WSL, \
     or run a spec without it: cargo test -p exercises --test counter"
);

#[macro_use]
mod out;

mod answer;
mod cargo;
mod check;
mod cli;
mod commands;
mod curriculum;
mod dev;
mod exit;
mod libtest;
mod process;
mod screen;
mod spec;
mod stages;
mod state;
mod verdict;
mod words;
mod workbook;

fn main() -> std::process::ExitCode {
    cli::main()
}
