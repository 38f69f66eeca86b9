//! Loads the project of the current folder, or of the files given as arguments, and prints its services in the order in
//! which they would start.
//!
//! ```console
//! $ cargo run --example print_services -- examples/wordpress/compose.yaml
//! ```

use std::process::ExitCode;

use hoist::diagnostic::{Level, Style, render};
use hoist::load::{LoadOptions, load};

fn main() -> anyhow::Result<ExitCode> {
    let mut options = LoadOptions::new(std::env::current_dir()?);
    options.environment = std::env::vars().collect();
    options.files = std::env::args_os().skip(1).map(Into::into).collect();
    match load(&options) {
        Ok(loaded) => {
            println!("{}", loaded.project.name);
            for (name, service) in &loaded.project.services {
                let needs: Vec<_> = service.depends_on.keys().map(ToString::to_string).collect();
                let needs = if needs.is_empty() { String::new() } else { format!(", after {}", needs.join(", ")) };
                println!("  {name}: {}{needs}", loaded.project.image_name(service));
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(failure) => {
            for error in &failure.errors {
                eprintln!("{}\n", render(error, Level::Error, &failure.sources, &Style::default()));
            }
            Ok(ExitCode::FAILURE)
        }
    }
}
