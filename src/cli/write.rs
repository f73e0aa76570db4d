//! Writes the reports: the terminal's to standard output, the others to files.

use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use super::args::Output;
use super::console::Console;
use super::failure::Failure;
use crate::report::{Format, ReportError, ReportInput, terminal, write};

/// Makes the folder of the result files, before a long run rather than after it.
pub fn prepare(output: &Output) -> Result<(), Failure> {
    if output.dry_run || output.formats() == [Format::Terminal] {
        return Ok(());
    }
    let shown = output.out.display();
    std::fs::create_dir_all(&output.out).map_err(|cause| {
        Failure::usage(
            format!("the folder {shown} cannot be made: {cause}"),
            "name another one with --out",
        )
    })
}

/// Writes every format that is wanted.
pub fn reports(input: &ReportInput<'_>, output: &Output, console: &Console) -> Result<(), Failure> {
    let formats = output.formats();
    let mut files = Vec::new();
    for format in &formats {
        if *format != Format::Terminal {
            files.push(file(*format, input, &output.out)?);
        }
    }
    if formats.contains(&Format::Terminal) {
        let options = terminal::Options {
            files,
            ..console.options()
        };
        let mut out = console.out();
        terminal::write(input, &options, &mut out)?;
        out.flush()?;
    } else {
        // Nobody has to open a file to learn how it went.
        let mut line = Vec::new();
        terminal::write_last_line(input, &console.error_options(), &mut line)?;
        let _ = std::io::stderr().write_all(&line);
    }
    Ok(())
}

/// Writes one file, whole or not at all: a reader never finds half a result.
fn file(format: Format, input: &ReportInput<'_>, folder: &Path) -> Result<PathBuf, Failure> {
    let path = folder.join(format.file_name());
    let cannot = |cause: std::io::Error| {
        Failure::Harness(format!("{} cannot be written: {cause}", path.display()))
    };
    let mut new = tempfile::NamedTempFile::new_in(folder).map_err(cannot)?;
    // A result is megabytes: it is never whole in memory as text.
    let mut out = BufWriter::new(&mut new);
    write(format, input, &mut out)?;
    out.flush().map_err(cannot)?;
    drop(out);
    readable_by_all(&new).map_err(cannot)?;
    new.persist(&path).map_err(|error| cannot(error.error))?;
    Ok(path)
}

/// A temporary file is its owner's alone; a result is an ordinary file.
pub fn readable_by_all(file: &tempfile::NamedTempFile) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let permissions = std::fs::Permissions::from_mode(0o644);
        file.as_file().set_permissions(permissions)?;
    }
    Ok(())
}

impl From<ReportError> for Failure {
    fn from(error: ReportError) -> Self {
        Self::Harness(error.to_string())
    }
}
