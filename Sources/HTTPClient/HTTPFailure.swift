import CCurl

/// Why there is no answer: the request may have reached the server all the same.
package struct HTTPFailure: Error, Sendable {
    package enum Kind: Sendable {
        /// The host's name is unknown.
        case name
        /// Nobody answers, or whoever does refuses.
        case connection
        /// The server is not who it should be, or its certificate is not trusted.
        case certificate
        /// Connected, and then no byte moved for longer than the limit.
        case stalled
        /// The connection ended in the middle.
        case cut
        /// The address is not one that may be spoken to.
        case address
        /// The body is larger than the caller would hold.
        case tooLarge
        case other
    }

    package var kind: Kind
    /// In the words of libcurl.
    package var message: String

    /// Creates a failure.
    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// Whether the same request can succeed later.
    package var isTransient: Bool {
        switch kind {
        case .name, .connection, .stalled, .cut: true
        case .certificate, .address, .tooLarge, .other: false
        }
    }

    init(_ failure: CurlFailure) {
        self.init(Self.kind(CURLcode(failure.code)), failure.message)
    }

    private static func kind(_ code: CURLcode) -> Kind {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .name
        case CURLE_COULDNT_CONNECT: .connection
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR: .certificate
        case CURLE_OPERATION_TIMEDOUT: .stalled
        case CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_PARTIAL_FILE, CURLE_SSL_CONNECT_ERROR,
            CURLE_SEND_FAIL_REWIND, CURLE_WEIRD_SERVER_REPLY, CURLE_HTTP2, CURLE_HTTP2_STREAM:
            .cut
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_URL_MALFORMAT: .address
        default: .other
        }
    }
}
