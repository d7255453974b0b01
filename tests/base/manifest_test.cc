#include "base/manifest.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "base/yaml.h"
#include "portolan/v1/bootstrap.pb.h"
#include "portolan/v1/catalog_service.pb.h"
#include "portolan/v1/resource.pb.h"
#include "portolan/v1/usage_service.pb.h"

namespace base {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

portolan::v1::Resource ReadResource(std::string_view text) {
  portolan::v1::Resource resource;
  auto tree = ParseYamlOrJson(text);
  EXPECT_TRUE(tree) << tree.error().message;
  auto read = ReadJson(*tree, resource);
  EXPECT_TRUE(read) << read.error().message;
  return resource;
}

template <class Message = portolan::v1::Resource>
std::string ErrorOf(std::string_view text) {
  Message message;
  auto tree = ParseYamlOrJson(text);
  if (!tree) return tree.error().message;
  auto read = ReadJson(*tree, message);
  return read ? "read without an error" : read.error().message;
}

TEST(ManifestTest, ReadsTheFileFormOfAResource) {
  auto resource = ReadResource(R"(
kind: PolicySet
name: payments
spec:
  attach: {server: local/payments}
  mode: ENFORCE
  explain: true
  rules:
  - id: corp-net
    ip: {allow: [10.0.0.0/8, "2001:db8::/32"]}
  - id: burst
    select: {methods: [tools/call]}
    rate_limit: {calls: 60, per_s: 60, key: "principal.id + '/' + tool.name"}
)");
  EXPECT_EQ(resource.kind(), "PolicySet");
  const auto& set = resource.policy_set();
  EXPECT_EQ(set.attach().server(), "local/payments");
  EXPECT_EQ(set.mode(), portolan::v1::Mode::ENFORCE);
  ASSERT_EQ(set.rules_size(), 2);
  EXPECT_EQ(set.rules(0).ip().allow(1), "2001:db8::/32");
  EXPECT_EQ(set.rules(1).rate_limit().key(), "principal.id + '/' + tool.name");
}

TEST(ManifestTest, ReadsTheFormOfTheJsonApiInEitherSpelling) {
  auto camel = ReadResource(
      R"({"name":"a/b","revision":"7","server":{"basePath":"b","websiteUrl":"https://x"}})");
  auto snake = ReadResource(
      R"({"name":"a/b","revision":7,"server":{"base_path":"b","website_url":"https://x"}})");
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(camel, snake));
  EXPECT_EQ(camel.kind(), "Server");
  EXPECT_EQ(camel.revision(), 7);
}

TEST(ManifestTest, NamesAnUnknownFieldByPointerAndSaysWhatWasMeant) {
  EXPECT_EQ(ErrorOf("{kind: PolicySet, name: p, spec: {rules: [{id: a, ip: {alow: []}}]}}"),
            "/spec/rules/0/ip/alow: unknown field; did you mean 'allow'?");
}

TEST(ManifestTest, SaysOnlyUnknownWhenNothingIsNear) {
  EXPECT_EQ(ErrorOf("{kind: Server, name: a/b, spec: {zebra: 1}}"), "/spec/zebra: unknown field");
}

TEST(ManifestTest, EscapesThePointerOfAStrangeKey) {
  EXPECT_THAT(ErrorOf("{kind: Server, spec: {'a/b~c': 1}}"),
              StartsWith("/spec/a~1b~0c: unknown field"));
}

TEST(ManifestTest, SaysWhichKindWasMeant) {
  EXPECT_EQ(ErrorOf("{kind: Sever, name: a/b, spec: {}}"),
            "/kind: unknown kind 'Sever'; did you mean 'Server'?");
}

TEST(ManifestTest, RefusesASpecWithoutAKind) {
  EXPECT_THAT(ErrorOf("{name: a/b, spec: {}}"), StartsWith("/kind: missing"));
}

TEST(ManifestTest, RefusesAKindThatDoesNotFitItsSpec) {
  EXPECT_EQ(ErrorOf(R"({"kind":"Consumer","name":"a/b","server":{}})"),
            "/kind: 'Consumer' does not fit the spec, which is a Server");
}

TEST(ManifestTest, RefusesTwoMembersOfOneOneof) {
  EXPECT_THAT(
      ErrorOf("{kind: Server, spec: {endpoint: {stdio: {command: a}, streamable_http: {url: b}}}}"),
      HasSubstr("exclude each other"));
}

TEST(ManifestTest, RefusesAFieldGivenInBothSpellings) {
  EXPECT_EQ(ErrorOf("{kind: Server, spec: {base_path: a, basePath: b}}"),
            "/spec/base_path: the field 'base_path' is given twice");
}

TEST(ManifestTest, RefusesADuplicateKeyInJson) {
  EXPECT_THAT(ErrorOf(R"({"kind":"Server","kind":"Server"})"), HasSubstr("'kind' stands twice"));
}

TEST(ManifestTest, RefusesADuplicateKeyInYamlAndNamesTheLine) {
  EXPECT_EQ(ErrorOf("kind: Server\nname: a/b\nname: c/d\n"),
            "YAML, line 3: key 'name' stands twice in one map");
}

TEST(ManifestTest, TellsWhichEnumValuesThereAre) {
  EXPECT_EQ(ErrorOf("{kind: PolicySet, spec: {mode: ENFROCE}}"),
            "/spec/mode: unknown value 'ENFROCE'; did you mean 'ENFORCE'?");
  EXPECT_EQ(ErrorOf("{kind: PolicySet, spec: {mode: sometimes}}"),
            "/spec/mode: unknown value 'sometimes'; expected one of ENFORCE, OBSERVE");
}

TEST(ManifestTest, ChecksNumbersForRange) {
  using portolan::v1::GatewayBootstrap;
  EXPECT_EQ(ErrorOf<GatewayBootstrap>("workers: 3000000000"),
            "/workers: out of range: -2147483648 to 2147483647");
  EXPECT_EQ(ErrorOf<GatewayBootstrap>("workers: 1.5"), "/workers: expected a whole number");
  EXPECT_THAT(ErrorOf<GatewayBootstrap>("max_stale_s: 99999999999999999999"),
              HasSubstr("out of range"));
  EXPECT_THAT(ErrorOf<GatewayBootstrap>("max_stale_s: '12x'"),
              HasSubstr("expected a whole number"));
  EXPECT_EQ(ErrorOf<GatewayBootstrap>("max_stale_s: -9223372036854775808"),
            "read without an error");
}

TEST(ManifestTest, AdvisesQuotesWhereAStringWasReadAsANumber) {
  EXPECT_EQ(ErrorOf("{kind: Server, name: 12}"),
            "/name: expected a string, found a number; put it in quotes");
}

TEST(ManifestTest, ReadsBytesAsBase64InBothAlphabets) {
  auto standard = ReadResource("{kind: ApiKey, name: k, spec: {sha256: '+/8='}}");
  auto url = ReadResource("{kind: ApiKey, name: k, spec: {sha256: '-_8'}}");
  EXPECT_EQ(standard.api_key().sha256(), "\xFB\xFF");
  EXPECT_EQ(url.api_key().sha256(), "\xFB\xFF");
  EXPECT_EQ(ErrorOf("{kind: ApiKey, name: k, spec: {sha256: '*'}}"), "/spec/sha256: not base64");
}

TEST(ManifestTest, TakesNullAsAbsence) {
  EXPECT_FALSE(
      ReadResource("kind: Server\nname: a/b\nspec:\n  endpoint:\n").server().has_endpoint());
}

TEST(ManifestTest, RefusesWhatIsNoObject) {
  EXPECT_EQ(ErrorOf<portolan::v1::Server>("just words"), ": expected an object, found a string");
}

TEST(ManifestTest, ReadsSeveralDocumentsAndListsOfThem) {
  auto documents = ParseYamlDocuments("---\nkind: A\n---\n# nothing\n---\n- kind: B\n- kind: C\n");
  ASSERT_TRUE(documents);
  ASSERT_EQ(documents->size(), 3u);
  EXPECT_EQ((*documents)[2]["kind"], "C");
}

TEST(ManifestTest, RefusesAFileOfAliasesThatWouldExpandToABomb) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    std::string item = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + item;
    for (int k = 0; k < 9; ++k) bomb += ", " + item;
    bomb += "]\n";
  }
  auto tree = ParseYaml(bomb);
  ASSERT_FALSE(tree);
  EXPECT_THAT(tree.error().message, HasSubstr("aliases expanded"));
}

TEST(ManifestTest, RefusesAnAliasOfWhatItStandsIn) { EXPECT_FALSE(ParseYaml("a: &a [*a]")); }

TEST(ManifestTest, RefusesWhatIsNestedTooDeep) {
  std::string lists(100'000, '[');
  EXPECT_FALSE(ParseJson(lists));
  EXPECT_FALSE(ParseYaml(lists));
  EXPECT_FALSE(ParseYamlOrJson(lists));
}

TEST(ManifestTest, RefusesWhatIsTooLong) {
  JsonLimits limits;
  limits.max_bytes = 10;
  EXPECT_FALSE(ParseYamlOrJson("a: 1234567890", limits));
}

TEST(ManifestTest, RefusesTextThatIsNotUtf8) {
  EXPECT_FALSE(ParseJson("{\"kind\":\"\xC0\xAF\"}"));
  EXPECT_FALSE(IsUtf8("\xED\xA0\x80"));
  EXPECT_FALSE(IsUtf8("\xF4\x90\x80\x80"));
  EXPECT_TRUE(IsUtf8("\xF4\x8F\xBF\xBF\xE2\x82\xAC"));
}

TEST(ManifestTest, ReadsYamlScalarsAsTheCoreSchemaSays) {
  auto tree = ParseYaml("[yes, true, '7', 7, 0x1F, 1e3, .5, ~, 2026-07-28, 1.2.3, null, -3, 007]");
  ASSERT_TRUE(tree);
  EXPECT_EQ((*tree)[0],
            nlohmann::json::parse(
                R"(["yes",true,"7",7,31,1000.0,0.5,null,"2026-07-28","1.2.3",null,-3,7])"));
}

TEST(ManifestTest, PrintsTheFileFormInSnakeCase) {
  auto resource =
      ReadResource("{kind: ServerVersion, name: a/b@1, revision: 5, spec: {status: ACTIVE}}");
  EXPECT_EQ(Print(resource, Spelling::kSnakeCase).dump(),
            R"({"kind":"ServerVersion","name":"a/b@1","revision":5,"spec":{"status":"ACTIVE"}})");
}

TEST(ManifestTest, PrintsTheJsonApisFormAsGeneratedClientsReadIt) {
  auto resource =
      ReadResource("{kind: ServerVersion, name: a/b@1, revision: 5, spec: {server_json: '{}'}}");
  EXPECT_EQ(
      Print(resource, Spelling::kLowerCamelCase).dump(),
      R"({"kind":"ServerVersion","name":"a/b@1","revision":"5","serverVersion":{"serverJson":"{}"}})");
}

TEST(ManifestTest, PrintsASpecWithoutFields) {
  auto resource = ReadResource("{kind: Consumer, name: alice, spec: {}}");
  EXPECT_EQ(Print(resource, Spelling::kSnakeCase).dump(),
            R"({"kind":"Consumer","name":"alice","spec":{}})");
}

TEST(ManifestTest, WritesYamlAsPeopleDo) {
  auto resource = ReadResource(
      "{kind: PolicySet, name: p, spec: {attach: {global: true}, rules: [{id: a, ip: {allow: "
      "[10.0.0.0/8, 'yes', "
      "'1.5', ' x', 'a: b']}}]}}");
  EXPECT_EQ(WriteYaml(Print(resource, Spelling::kSnakeCase)),
            "kind: PolicySet\n"
            "name: p\n"
            "spec:\n"
            "  attach:\n"
            "    global: true\n"
            "  rules:\n"
            "  - id: a\n"
            "    ip:\n"
            "      allow:\n"
            "      - 10.0.0.0/8\n"
            "      - yes\n"
            "      - \"1.5\"\n"
            "      - \" x\"\n"
            "      - \"a: b\"\n");
}

}  // namespace
}  // namespace base
