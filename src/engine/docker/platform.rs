//! Normalises image platforms.

/// `os/architecture[/variant]`, in the spelling that images use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Platform {
    os: String,
    architecture: String,
    /// Empty if the architecture has only one variant.
    variant: String,
}

impl Platform {
    /// Reads `os[/architecture[/variant]]` or an architecture alone; missing parts are taken from this machine.
    pub(super) fn parse(text: &str) -> Self {
        let mut parts = text.split('/');
        let first = parts.next().unwrap_or_default().to_lowercase();
        match (parts.next(), parts.next()) {
            (Some(architecture), variant) => Self::new(&first, architecture, variant.unwrap_or_default()),
            (None, _) if is_os(&first) => Self::new(&first, std::env::consts::ARCH, ""),
            (None, _) => Self::new("linux", &first, ""),
        }
    }

    /// The platform of this machine, with the engine's operating system.
    pub(super) fn of_this_machine(os: &str) -> Self {
        Self::new(os, std::env::consts::ARCH, "")
    }

    pub(super) fn new(os: &str, architecture: &str, variant: &str) -> Self {
        let (architecture, implied) = match architecture.to_lowercase().as_str() {
            "x86_64" | "x86-64" | "amd64" => ("amd64".to_owned(), ""),
            "aarch64" | "arm64" => ("arm64".to_owned(), "v8"),
            "armel" => ("arm".to_owned(), "v6"),
            "arm" | "armhf" => ("arm".to_owned(), "v7"),
            "i386" | "x86" | "386" => ("386".to_owned(), ""),
            "powerpc64le" => ("ppc64le".to_owned(), ""),
            other => (other.to_owned(), ""),
        };
        let variant = match (architecture.as_str(), variant.to_lowercase()) {
            ("arm64", variant) if variant == "8" => "v8".to_owned(),
            ("amd64", variant) if variant == "v1" => String::new(),
            (_, variant) if variant.is_empty() => implied.to_owned(),
            (_, variant) => variant,
        };
        let os = match os.to_lowercase().as_str() {
            "macos" => "darwin".to_owned(),
            other => other.to_owned(),
        };
        Self { os, architecture, variant }
    }
}

fn is_os(word: &str) -> bool {
    matches!(word, "linux" | "windows" | "darwin" | "freebsd")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_platform_written_in_many_ways() {
        let table = [
            ("linux/amd64", "linux/x86_64"),
            ("linux/amd64", "linux/amd64/v1"),
            ("linux/arm64", "linux/aarch64"),
            ("linux/arm64", "linux/arm64/v8"),
            ("linux/arm", "linux/arm/v7"),
            ("linux/amd64", "amd64"),
        ];
        for (one, other) in table {
            assert_eq!(Platform::parse(one), Platform::parse(other), "{one} {other}");
        }
        assert_ne!(Platform::parse("linux/arm64"), Platform::parse("linux/amd64"));
        assert_ne!(Platform::parse("linux/arm/v6"), Platform::parse("linux/arm"));
        assert_ne!(Platform::parse("windows/amd64"), Platform::parse("linux/amd64"));
        assert_eq!(Platform::parse("linux"), Platform::of_this_machine("linux"));
    }
}
