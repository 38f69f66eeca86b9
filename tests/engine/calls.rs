//! How often the engine is asked. The bounds are the project's own; Docker Compose 5.5.0 takes 51 calls and 13.

use std::fmt::Write;

use crate::support::project;

/// Ten services with those images in turn, three volumes and the default network.
fn ten_services(images: usize, project: &str) -> String {
    let mut text = String::from("services:\n");
    for number in 0..10 {
        let (image, volume) = (number % images, number % 3);
        writeln!(text, "  s{number}: {{<<: *idle, image: {project}-image{image}, volumes: ['v{volume}:/data']}}")
            .expect("a text can be written to");
    }
    text + "volumes: {v0: {}, v1: {}, v2: {}}\n"
}

#[tokio::test]
async fn ten_services_take_few_calls() {
    project("calls", "", |s| async move {
        for image in 0..8 {
            s.foreign_tag(&format!("{}-image{image}", s.project)).await;
        }
        s.compose(&ten_services(8, &s.project));
        let fresh = s.disturbed(&["up", "-d"], None).await;
        fresh.ran.ok();
        assert_eq!(s.states().await.len(), 10);
        assert!(fresh.calls.len() <= 32, "{} calls: {:#?}", fresh.calls.len(), fresh.calls);

        let again = s.disturbed(&["up", "-d"], None).await;
        again.ran.ok();
        assert!(again.calls.len() <= 6, "{} calls: {:#?}", again.calls.len(), again.calls);
    })
    .await;
}
