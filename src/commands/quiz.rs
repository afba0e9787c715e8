//! `quiz`: questions on a pattern, in the terminal.

use std::io::{BufRead, Write};

use crate::curriculum::Question;
use crate::exit;
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
        print!("{}", screen.wrap(&format!("{}. {}", number + 1, question.ask), ""));
        for (letter, choice) in letters().zip(&question.choices) {
            print!("{}", screen.wrap(&format!("{letter}) {choice}"), "   "));
        }
        let Some(answer) = ask(&mut answers, question)? else {
            println!("\nStopped after {number} of {}.", pattern.quiz.len());
            return Ok(exit::PASS);
        };
        if answer == question.answer {
            right += 1;
            println!("{}", screen.good("Right."));
        } else {
            let letter = letters().nth(question.answer).unwrap_or('?');
            println!("{}", screen.bad(&format!("No: {letter}.")));
        }
        println!("{}", screen.wrap(&question.why, "   "));
    }
    println!("{right} of {} right.", pattern.quiz.len());
    Ok(exit::PASS)
}

/// Asks until the answer is one of the choices; none at the end of the input.
fn ask(answers: &mut impl BufRead, question: &Question) -> anyhow::Result<Option<usize>> {
    loop {
        print!("> ");
        std::io::stdout().flush()?;
        let mut line = String::new();
        if answers.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let mut letter = line.trim().chars().map(|letter| letter.to_ascii_lowercase());
        let chosen = letter.next().and_then(|letter| letters().position(|l| l == letter));
        match chosen.filter(|chosen| *chosen < question.choices.len()) {
            Some(chosen) => return Ok(Some(chosen)),
            None => println!("One letter, please."),
        }
    }
}

fn letters() -> std::ops::RangeInclusive<char> {
    'a'..='z'
}
