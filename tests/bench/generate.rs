//! Compose files as people write them, of any size.

use std::fmt::Write as _;

/// A file with that many services. Each has what services of real projects have, and depends on the one before it.
pub(crate) fn compose_file(services: usize) -> String {
    let mut text =
        String::from("name: bench\nx-logging: &logging\n  driver: json-file\n  options:\n    max-size: 10m\n");
    text.push_str("services:\n");
    for number in 0..services {
        service(&mut text, number).expect("memory can be written to");
    }
    text.push_str("networks:\n  front: {}\n  back:\n    internal: true\nvolumes:\n");
    for number in 0..services {
        writeln!(text, "  data-{number}:\n    labels:\n      tier: \"{}\"", number % 3)
            .expect("memory can be written to");
    }
    text
}

fn service(text: &mut String, number: usize) -> std::fmt::Result {
    write!(
        text,
        r#"  service-{number}:
    image: registry.example.com/team/service-{number}:${{TAG:-1.{number}.0}}
    command: ["serve", "--port", "8080", "--name=service-{number}"]
    restart: unless-stopped
    environment:
      LOG_LEVEL: info
      SERVICE_NAME: service-{number}
      DATABASE_URL: postgres://app:${{DB_PASSWORD:-change-me}}@db:5432/service_{number}
      WORKERS: "4"
      FEATURE_FLAGS: a,b,c
    ports:
      - "{published}:8080"
      - "127.0.0.1::9090/tcp"
    volumes:
      - data-{number}:/var/lib/service
      - ./config/service-{number}.toml:/etc/service.toml:ro
      - type: tmpfs
        target: /tmp
        tmpfs:
          size: 64m
    healthcheck:
      test: ["CMD", "curl", "-fsS", "http://localhost:8080/health"]
      interval: 10s
      timeout: 2s
      retries: 5
      start_period: 1m30s
    networks:
      front: {{}}
      back:
        aliases:
          - alias-{number}
    labels:
      - "com.example.team=team-{team}"
      - "traefik.http.routers.service-{number}.rule=Host(`service-{number}.example.com`)"
    logging: *logging
    deploy:
      resources:
        limits:
          cpus: "0.50"
          memory: 256M
        reservations:
          memory: 64M
"#,
        published = 10_000 + number,
        team = number % 7,
    )?;
    let Some(before) = number.checked_sub(1) else { return Ok(()) };
    writeln!(text, "    depends_on:\n      service-{before}:\n        condition: service_healthy")
}
