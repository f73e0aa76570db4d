//! Where the target file goes: a file that is not there yet, or standard output.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::super::console::Console;
use super::super::failure::Failure;

/// A place to write to, looked at before anybody is asked anything.
#[derive(Debug)]
pub struct Destination {
    path: Option<PathBuf>,
    force: bool,
}

impl Destination {
    /// The place that `--out` names.
    ///
    /// # Errors
    /// A file is there and may not be written over, or its folder is not there.
    pub fn new(out: &Path, force: bool) -> Result<Self, Failure> {
        if out == Path::new("-") {
            return Ok(Self { path: None, force });
        }
        let destination = Self {
            path: Some(out.to_owned()),
            force,
        };
        if !force && out.symlink_metadata().is_ok() {
            return Err(destination.taken());
        }
        let folder = destination.folder();
        if !folder.is_dir() {
            return Err(Failure::usage(
                format!("there is no folder {}", folder.display()),
                "make it, or name another file with --out",
            ));
        }
        Ok(destination)
    }

    /// The folder at which relative paths of the file start.
    pub fn folder(&self) -> &Path {
        let parent = self.path.as_deref().and_then(Path::parent);
        parent
            .filter(|parent| !parent.as_os_str().is_empty())
            .unwrap_or(Path::new("."))
    }

    /// The name for people and command lines.
    pub fn shown(&self) -> String {
        match &self.path {
            Some(path) => super::shown(path),
            None => "target.yaml".to_owned(),
        }
    }

    /// Writes the file, whole or not at all.
    ///
    /// # Errors
    /// It came to be there in the meantime, or cannot be written.
    pub fn write(&self, text: &str, console: &Console) -> Result<(), Failure> {
        let Some(path) = &self.path else {
            let mut out = console.out();
            out.write_all(text.as_bytes())?;
            out.flush()?;
            return Ok(());
        };
        let cannot = |cause: std::io::Error| {
            let message = format!("{} cannot be written: {cause}", path.display());
            Failure::usage(message, "name another file with --out")
        };
        let mut new = tempfile::NamedTempFile::new_in(self.folder()).map_err(cannot)?;
        new.write_all(text.as_bytes()).map_err(cannot)?;
        super::super::write::readable_by_all(&new).map_err(cannot)?;
        let kept = match self.force {
            true => new.persist(path),
            false => new.persist_noclobber(path),
        };
        kept.map(drop).map_err(|error| match error.error.kind() {
            std::io::ErrorKind::AlreadyExists => self.taken(),
            _ => cannot(error.error),
        })
    }

    fn taken(&self) -> Failure {
        Failure::usage(
            format!("{} is there already", self.shown()),
            "name another file with --out, or write over it with --force",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_there_is_left_alone_without_force() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("t.yaml");
        assert!(Destination::new(&path, false).is_ok());
        std::fs::write(&path, "mine").expect("a file");
        assert!(Destination::new(&path, false).is_err());
        assert!(Destination::new(&path, true).is_ok());
        let nowhere = folder.path().join("no/such/t.yaml");
        assert!(Destination::new(&nowhere, true).is_err());
    }

    #[test]
    fn relative_paths_start_where_the_file_is() {
        let folder = |out: &str| {
            let destination = Destination::new(Path::new(out), true).expect("a place");
            destination.folder().to_owned()
        };
        assert_eq!(folder("t.yaml"), Path::new("."));
        assert_eq!(folder("-"), Path::new("."));
        assert_eq!(folder("src/t.yaml"), Path::new("src"));
    }
}
