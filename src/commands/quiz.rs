//! `quiz`: questions on a pattern, in the terminal.

use std::io::BufRead;

use crate::curriculum::Question;
use crate::exit;
use crate::out;
use crate::screen::Screen;
use crate::workbook::Workbook;

pub(crate) fn run(book: &Workbook, screen: &Screen, id: Option<&str>) -> anyhow::Result<u8> {
    let pattern = book.pick(id)?;
    if pattern.quiz.is_empty() {
        return Err(exit::usage(format!("There is no quiz for `{}`.", pattern.id)));
    }
    let mut answers = std::io::stdin().lock();
    let mut right = 0;
    for (number, question) in pattern.quiz.iter().enumerate() {
        out!("{}", screen.wrap(&format!("{}. {}", number + 1, question.ask), ""));
        for (letter, choice) in letters().zip(&question.choices) {
            out!("{}", screen.wrap(&format!("{letter}) {choice}"), "   "));
        }
        let Some(answer) = ask(&mut answers, question)? else {
            outln!("\nStopped after {number} of {}.", pattern.quiz.len());
            return Ok(exit::PASS);
        };
        if answer == question.answer {
            right += 1;
            outln!("{}", screen.good("Right."));
        } else {
            let letter = letters().nth(question.answer).unwrap_or('?');
            outln!("{}", screen.bad(&format!("No: {letter}.")));
        }
        outln!("{}", screen.wrap(&question.why, "   "));
    }
    outln!("{right} of {} right.", pattern.quiz.len());
    Ok(exit::PASS)
}

/// Asks until the answer is one of the choices; none at the end of the input.
fn ask(answers: &mut impl BufRead, question: &Question) -> anyhow::Result<Option<usize>> {
    loop {
        out!("> ");
        out::flush();
        let mut line = String::new();
        if answers.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let answer = line.trim().to_ascii_lowercase();
        let choices = || letters().take(question.choices.len()).map(String::from);
        if let Some(chosen) = choices().position(|letter| letter == answer) {
            return Ok(Some(chosen));
        }
        let mut all: Vec<_> = choices().collect();
        let last = all.pop().unwrap_or_default();
        outln!("{} or {last}, please.", all.join(", "));
    }
}

fn letters() -> std::ops::RangeInclusive<char> {
    'a'..='z'
}
