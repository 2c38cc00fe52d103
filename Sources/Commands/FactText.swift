import Model

extension String {
    /// The text with spaces behind it up to `width` characters.
    func padded(to width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}

/// Seconds as people read them: `0.42 s`, `3 min 12 s`.
func secondsText(_ seconds: Double) -> String { Duration.seconds(seconds).inWords }
