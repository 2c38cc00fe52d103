import Foundation

/// A JSON answer, looked into without types: a missing member is null and never ends the test run.
struct JSON {
    private let value: Any?

    init(_ answer: Answer) {
        value = try? JSONSerialization.jsonObject(with: Data(answer.output.utf8))
    }

    private init(value: Any?) { self.value = value }

    subscript(name: String) -> JSON { JSON(value: (value as? [String: Any])?[name]) }

    subscript(index: Int) -> JSON {
        guard let list = value as? [Any], list.indices.contains(index) else { return JSON(value: nil) }
        return JSON(value: list[index])
    }

    var count: Int { (value as? [Any])?.count ?? 0 }
    var text: String? { value as? String }
    var number: Int? { (value as? NSNumber)?.intValue }
}
