import Glibc

/// Lends `parameters` as the array of C strings that libpq expects; NULL stays NULL.
func withParameterArray<Result>(
    _ parameters: [String?],
    _ body: (Int32, UnsafePointer<UnsafePointer<CChar>?>) throws -> Result
) rethrows -> Result {
    let copies = parameters.map { text in text.map { strdup($0) } ?? nil }
    defer { for copy in copies { free(copy) } }
    let pointers = copies.map { copy in copy.map { UnsafePointer($0) } } + [nil]
    return try pointers.withUnsafeBufferPointer { buffer in
        guard let base = buffer.baseAddress else { preconditionFailure("the array ends with a nil and is never empty") }
        return try body(Int32(parameters.count), base)
    }
}

/// Lends connection keywords as libpq's two parallel, nil-terminated arrays.
func withKeywordArrays<Result>(
    _ keywords: [(keyword: String, value: String)],
    _ body: (UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<UnsafePointer<CChar>?>) throws -> Result
) rethrows -> Result {
    try withParameterArray(keywords.map(\.keyword)) { _, names in
        try withParameterArray(keywords.map(\.value)) { _, values in try body(names, values) }
    }
}
