//! The little arithmetic behind a row of the table.

/// The middle value; of an even number of values, the mean of the two in the middle.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => sorted[middle],
        _ => (sorted[middle - 1] + sorted[middle]) / 2.0,
    }
}

/// How many times as long as the reference a contestant took: the median of the rounds' ratios.
/// Both took part in every round, so that a slow moment of the machine cancels out.
pub(crate) fn ratio(reference: &[f64], contestant: &[f64]) -> f64 {
    let rounds = reference.iter().zip(contestant);
    median(&rounds.map(|(reference, contestant)| contestant / reference).collect::<Vec<_>>())
}

/// What a ratio says of the reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Faster,
    AboutEqual,
    Slower,
}

impl Verdict {
    /// `win` is the ratio from which a difference is called one: 1.15 for 15 %.
    pub(crate) fn of(ratio: f64, win: f64) -> Self {
        if ratio >= win {
            Self::Faster
        } else if ratio <= 1.0 / win {
            Self::Slower
        } else {
            Self::AboutEqual
        }
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Faster => "faster",
            Self::AboutEqual => "about equal",
            Self::Slower => "slower",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_of_the_sorted_values() {
        assert_eq!(median(&[9.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 9.0]), 3.0);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn a_slow_moment_of_the_machine_does_not_move_the_ratio() {
        let reference = [10.0, 10.0, 50.0, 10.0, 10.0];
        let contestant = [20.0, 20.0, 100.0, 20.0, 20.0];
        assert_eq!(ratio(&reference, &contestant), 2.0);
    }

    #[test]
    fn a_ratio_above_one_says_that_the_reference_is_faster() {
        assert_eq!(ratio(&[10.0], &[30.0]), 3.0);
        assert_eq!(Verdict::of(3.0, 1.15), Verdict::Faster);
    }

    #[test]
    fn a_difference_below_the_threshold_is_about_equal_either_way() {
        assert_eq!(Verdict::of(1.14, 1.15), Verdict::AboutEqual);
        assert_eq!(Verdict::of(0.88, 1.15), Verdict::AboutEqual);
        assert_eq!(Verdict::of(1.15, 1.15), Verdict::Faster);
        assert_eq!(Verdict::of(0.86, 1.15), Verdict::Slower);
        assert_eq!(Verdict::of(1.3, 1.40), Verdict::AboutEqual);
    }
}
