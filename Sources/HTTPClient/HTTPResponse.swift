/// The head of a response: its status, and its headers with names in lower case.
package struct HTTPHead: Sendable, Hashable {
    package var status = 0
    package var headers: [String: String] = [:]

    /// Creates a head.
    package init(status: Int = 0, headers: [String: String] = [:]) {
        self.status = status
        self.headers = headers
    }

    /// The value of a header, whatever the case of its name; of several with one name, the last.
    package subscript(name: String) -> String? { headers[name.lowercased()] }

    /// Takes one line of a head; a status line begins a new one, as after `100 Continue`.
    mutating func take(line: String) {
        let line = line.trimmingSuffix { $0 == "\r\n" || $0 == "\n" || $0 == "\r" }
        if line.hasPrefix("HTTP/") {
            let words = line.split(separator: " ", maxSplits: 2)
            self = HTTPHead(status: words.count > 1 ? Int(words[1]) ?? 0 : 0)
        } else if let colon = line.firstIndex(of: ":") {
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            headers[line[..<colon].lowercased()] = String(value.trimmingSuffix { $0 == " " || $0 == "\t" })
        }
    }
}

/// A whole response whose body fits in memory.
package struct HTTPResponse: Sendable {
    package var head: HTTPHead
    package var body: [UInt8]

    package var status: Int { head.status }

    /// Creates a response.
    package init(head: HTTPHead, body: [UInt8]) {
        self.head = head
        self.body = body
    }
}

extension StringProtocol {
    fileprivate func trimmingSuffix(while fits: (Character) -> Bool) -> SubSequence {
        var rest = self[...]
        while let last = rest.last, fits(last) { rest.removeLast() }
        return rest
    }
}
