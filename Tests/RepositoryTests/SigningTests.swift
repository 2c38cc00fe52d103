import AgeEncryption
import Model
import Testing

@testable import Repository

/// AWS's own published examples: "Signature Calculations for the Authorization Header" of the S3 API reference, and the
/// Signature Version 4 test suite.
@Suite("AWS Signature Version 4")
struct SigningTests {
    private static let documentation = AWSCredentials(
        accessKey: "AKIAIOSFODNN7EXAMPLE",
        secretKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        origin: "the documentation"
    )
    private static let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    private static let host = (name: "host", value: "examplebucket.s3.amazonaws.com")
    private static let date = (name: "x-amz-date", value: "20130524T000000Z")

    private func signature(_ request: RequestSigner.Request) throws -> String {
        let instant = try #require(Instant("2013-05-24T00:00:00Z"))
        let text = try RequestSigner(region: "us-east-1").authorization(
            request,
            credentials: Self.documentation,
            at: instant
        )
        return String(text.suffix(64))
    }

    @Test("a ranged GET is signed as documented, with the whole header")
    func getObject() throws {
        let request = RequestSigner.Request(
            method: "GET",
            path: "/test.txt",
            query: "",
            headers: [Self.host, ("Range", "bytes=0-9"), ("x-amz-content-sha256", Self.empty), Self.date],
            payloadHash: Self.empty
        )
        let instant = try #require(Instant("2013-05-24T00:00:00Z"))
        let text = try RequestSigner(region: "us-east-1").authorization(
            request,
            credentials: Self.documentation,
            at: instant
        )
        #expect(
            text == "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
                + "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
                + "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        )
    }

    @Test("a PUT with a body and a storage class is signed as documented")
    func putObject() throws {
        let hash = Hex.encode(SHA256.digest(of: Array("Welcome to Amazon S3.".utf8)))
        let request = RequestSigner.Request(
            method: "PUT",
            path: "/" + S3Address.encode("test$file.text", keepingSlashes: true),
            query: "",
            headers: [
                ("Date", "Fri, 24 May 2013 00:00:00 GMT"), Self.host, Self.date,
                ("x-amz-storage-class", "REDUCED_REDUNDANCY"), ("x-amz-content-sha256", hash),
            ],
            payloadHash: hash
        )
        #expect(try signature(request) == "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd")
    }

    @Test("queries, with and without values, are signed as documented")
    func queries() throws {
        func listing(_ items: [(String, String)]) -> RequestSigner.Request {
            RequestSigner.Request(
                method: "GET",
                path: "/",
                query: S3Address.query(items),
                headers: [Self.host, ("x-amz-content-sha256", Self.empty), Self.date],
                payloadHash: Self.empty
            )
        }
        #expect(
            try signature(listing([("lifecycle", "")]))
                == "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
        )
        #expect(
            try signature(listing([("prefix", "J"), ("max-keys", "2")]))
                == "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
        )
    }

    @Test(
        "the test suite's requests are signed as it says",
        arguments: [
            ("", [], "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            (
                "Param1=value1&Param2=value2", [],
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"
            ),
            (
                "", [(name: "My-Header1", value: " value1"), (name: "My-Header2", value: " \"a   b   c\"")],
                "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"
            ),
        ] as [(String, [(name: String, value: String)], String)]
    )
    func suite(_ query: String, _ headers: [(name: String, value: String)], _ expected: String) throws {
        let credentials = AWSCredentials(
            accessKey: "AKIDEXAMPLE",
            secretKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            origin: "the test suite"
        )
        let request = RequestSigner.Request(
            method: "GET",
            path: "/",
            query: query,
            headers: [("Host", "example.amazonaws.com"), ("X-Amz-Date", "20150830T123600Z")] + headers,
            payloadHash: Self.empty
        )
        let instant = try #require(Instant("2015-08-30T12:36:00Z"))
        let signer = RequestSigner(region: "us-east-1", service: "service")
        #expect(try signer.authorization(request, credentials: credentials, at: instant).hasSuffix("=" + expected))
    }

    @Test("keys and queries are encoded byte by byte, buckets in the path or in the name")
    func addresses() throws {
        let path = try #require(
            S3Address(bucket: "b.c", prefix: "p/q", endpoint: "http://LOCALHOST:9000/", pathStyle: nil, region: "r")
        )
        #expect(path.host == "localhost:9000" && path.isLoopback && !path.isSecure)
        #expect(path.path(path.name(try objectKey("points/a%2Fb"))) == "/b.c/p/q/points/a%252Fb")
        let aws = try #require(
            S3Address(bucket: "shop", prefix: "", endpoint: nil, pathStyle: nil, region: "eu-west-1")
        )
        #expect(aws.url(path: aws.path("x"), query: "a=") == "https://shop.s3.eu-west-1.amazonaws.com/x?a=")
        #expect(S3Address.encode("ä +~*") == "%C3%A4%20%2B~%2A")
        for bad in ["ftp://x", "https://", "https://a/b", "https://u@h", "https://h?x"] {
            #expect(S3Address(bucket: "b", prefix: "", endpoint: bad, pathStyle: nil, region: "r") == nil, "\(bad)")
        }
    }
}
