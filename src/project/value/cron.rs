//! Cron expressions: when a job runs by itself.

/// Whether a text is a cron expression: five fields, or a word such as `@daily`.
///
/// ```
/// use hoist::project::value::cron;
/// assert!(cron::is_valid("*/15 8-18 * JAN-MAR mon,wed") && cron::is_valid("@daily"));
/// assert!(!cron::is_valid("99 * * * *") && !cron::is_valid("@every 5m"));
/// ```
#[must_use]
pub fn is_valid(text: &str) -> bool {
    const WORDS: [&str; 7] = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
    /// The lowest and highest number of each field, and the names of the numbers from the lowest.
    const FIELDS: [(u8, u8, &[&str]); 5] = [(0, 59, &[]), (0, 23, &[]), (1, 31, &[]), (1, 12, &MONTHS), (0, 7, &DAYS)];
    if WORDS.contains(&text.trim()) {
        return true;
    }
    let fields: Vec<&str> = text.split_whitespace().collect();
    fields.len() == FIELDS.len()
        && fields.iter().zip(FIELDS).all(|(field, (low, high, names))| {
            field.split(',').all(|item| {
                let (range, step) = item.split_once('/').unwrap_or((item, "1"));
                let number = |text: &str| {
                    let named = names.iter().position(|name| name.eq_ignore_ascii_case(text));
                    let number = named.and_then(|at| Some(low + u8::try_from(at).ok()?)).or_else(|| text.parse().ok());
                    number.filter(|number| (low..=high).contains(number))
                };
                let (from, to) = range.split_once('-').unwrap_or((range, range));
                let in_range = matches!((number(from), number(to)), (Some(from), Some(to)) if from <= to);
                step.parse::<u8>().is_ok_and(|step| step > 0) && (matches!(range, "*" | "?") || in_range)
            })
        })
}

#[cfg(test)]
mod tests {
    use super::is_valid;

    #[test]
    fn expressions() {
        for text in ["0 3 * * *", "*/5 * * * *", "0 0 1,15 * 7", "@hourly", "0 9 * * mon-fri", "30 4 1-31/2 FEB ?"] {
            assert!(is_valid(text), "{text}");
        }
        for text in
            ["", "junk", "0 0 * * * *", "CRON_TZ=UTC 0 * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "*/0 * * * *"]
        {
            assert!(!is_valid(text), "{text}");
        }
    }
}
