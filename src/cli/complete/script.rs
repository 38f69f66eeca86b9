//! The scripts that make shells ask hoist for candidates. They ask `__complete`, as Docker's own scripts do, so there is
//! one place that knows the candidates; it needs no unstable part of the library for command lines.

/// A shell that asks hoist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Shell {
    /// GNU Bash, from 4.4 on.
    Bash,
    /// fish.
    Fish,
    /// zsh.
    Zsh,
}

/// The script for a shell, which completes `program`.
pub(in crate::cli) fn script(shell: Shell, program: &str) -> String {
    let text = match shell {
        Shell::Bash => include_str!("bash.sh"),
        Shell::Fish => include_str!("fish.fish"),
        Shell::Zsh => include_str!("zsh.zsh"),
    };
    let function = program.replace('-', "_");
    text.replace("@program@", program).replace("@function@", &function)
}
