import CCurl

/// libcurl as a whole.
enum CurlLibrary {
    /// Initialized once, before the first handle: libcurl's own start-up is not safe from two threads.
    static let isReady: Bool = ccurl_global_init() == CURLE_OK

    /// libcurl's words for a status.
    static func text(_ code: CURLcode) -> String { String(cString: curl_easy_strerror(code)) }
}

/// What libcurl refused: which status, and its own words.
package struct CurlFailure: Error, Sendable {
    package let code: UInt32
    package let message: String

    init(_ code: CURLcode, _ message: String) {
        self.code = code.rawValue
        self.message = message
    }

    init(_ code: CURLcode) { self.init(code, CurlLibrary.text(code)) }
}
