"""Text encodings that know no key types: lines, strict base64, frames."""
