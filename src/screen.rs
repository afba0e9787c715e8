//! Colours and width: only where a person looks on.

use std::io::IsTerminal;

/// What standard output can show.
pub(crate) struct Screen {
    colours: bool,
    width: usize,
}

impl Screen {
    pub(crate) fn new() -> Self {
        let stdout = std::io::stdout();
        let terminal = stdout.is_terminal();
        let columns = rustix::termios::tcgetwinsize(&stdout).map_or(0, |size| size.ws_col);
        let width = if terminal && columns > 0 { usize::from(columns).clamp(40, 100) } else { 100 };
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { colours: terminal && !refused, width }
    }

    pub(crate) fn colours(&self) -> bool {
        self.colours
    }

    pub(crate) fn bold(&self, text: &str) -> String {
        self.paint("1", text)
    }

    pub(crate) fn dim(&self, text: &str) -> String {
        self.paint("2", text)
    }

    pub(crate) fn good(&self, text: &str) -> String {
        self.paint("32", text)
    }

    pub(crate) fn bad(&self, text: &str) -> String {
        self.paint("31", text)
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colours { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// Breaks prose at the width, each line behind `indent`. Line breaks of the text stay.
    pub(crate) fn wrap(&self, text: &str, indent: &str) -> String {
        let room = self.width.saturating_sub(indent.chars().count());
        let mut out = String::new();
        for line in text.lines() {
            let mut used = 0;
            out.push_str(indent);
            for word in line.split(' ') {
                let length = word.chars().count();
                if used > 0 && used + 1 + length > room {
                    out.push('\n');
                    out.push_str(indent);
                    used = 0;
                } else if used > 0 {
                    out.push(' ');
                    used += 1;
                }
                out.push_str(word);
                used += length;
            }
            out.push('\n');
        }
        out
    }
}
