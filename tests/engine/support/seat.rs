//! Programs in a terminal: what is typed, what is shown, the mode it has.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use super::Scenario;

/// A run of the binary in a terminal.
pub(crate) struct Seat {
    pub(crate) child: Child,
    pub(crate) master: File,
    /// The other side, whose mode is looked at.
    slave: File,
    shown: Arc<Mutex<Vec<u8>>>,
}

impl Seat {
    pub(crate) fn new(mut command: Command, rows: u16, columns: u16) -> Self {
        let master: OwnedFd = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("there are terminals");
        grantpt(&master).expect("it is ours");
        unlockpt(&master).expect("it is ours");
        let name = ptsname(&master, Vec::new()).expect("it has a name").into_string().expect("in ASCII");
        let open = || File::options().read(true).write(true).open(&name).expect("it can be opened");
        let (slave, master) = (open(), File::from(master));
        resize(&master, rows, columns);
        let child = command.stdin(open()).stdout(open()).stderr(open()).spawn().expect("the binary starts");
        let shown = Arc::new(Mutex::new(Vec::new()));
        let (mut screen, written) = (master.try_clone().expect("it can be shared"), shown.clone());
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read) = screen.read(&mut buffer) {
                written.lock().expect("no panic").extend_from_slice(&buffer[..read]);
            }
        });
        Self { child, master, slave, shown }
    }

    /// A shell with job control, whose terminal this is; `$HOIST` is the binary.
    pub(crate) fn shell(scenario: &Scenario, rows: u16, columns: u16) -> Self {
        let mut command = Command::new("setsid");
        command.args(["--ctty", "sh", "-i"]);
        scenario.surround(&mut command);
        command.env("HOIST", env!("CARGO_BIN_EXE_hoist")).env("PS1", "$ ");
        Self::new(command, rows, columns)
    }

    pub(crate) fn types(&mut self, keys: &[u8]) {
        self.master.write_all(keys).expect("a terminal takes keys");
    }

    pub(crate) fn shown(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().expect("no panic")).into_owned()
    }

    pub(crate) fn is_raw(&self) -> bool {
        !tcgetattr(&self.slave).expect("it is a terminal").local_modes.contains(LocalModes::ICANON)
    }

    pub(crate) async fn shows(&self, scenario: &Scenario, text: &str) {
        let look = || async { self.shown().contains(text).then_some(()) };
        scenario.eventually(&format!("`{text}` in the terminal, which shows {:?}", self.shown()), 20, look).await;
    }

    /// The status, once it has ended and set the terminal back.
    pub(crate) async fn ends(&mut self, scenario: &Scenario) -> i32 {
        let mut status = None;
        for _ in 0..400 {
            status = self.child.try_wait().expect("it can be asked");
            if status.is_some() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let Some(status) = status else { panic!("{} does not end: {}", scenario.project, self.shown()) };
        assert!(!self.is_raw(), "the terminal is set back");
        status.code().unwrap_or(-1)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn resize(master: &File, rows: u16, columns: u16) {
    let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(master, size).expect("a terminal has a size");
}
