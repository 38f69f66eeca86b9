//! Completion scripts. They call `__complete`, as Docker's own scripts do, so all candidates come from one place. clap's
//! own engine for this is unstable and would be a second one.

/// A shell whose script calls hoist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Shell {
    /// GNU Bash, from 4.4 on.
    Bash,
    /// fish.
    Fish,
    /// zsh.
    Zsh,
}

/// The script for a shell that completes `program`.
pub(in crate::cli) fn script(shell: Shell, program: &str) -> String {
    let text = match shell {
        Shell::Bash => include_str!("bash.sh"),
        Shell::Fish => include_str!("fish.fish"),
        Shell::Zsh => include_str!("zsh.zsh"),
    };
    let function = program.replace('-', "_");
    text.replace("@program@", program).replace("@function@", &function)
}
