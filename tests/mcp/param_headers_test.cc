#include "mcp/param_headers.h"

#include <gtest/gtest.h>

namespace mcp {
namespace {

constexpr std::string_view kSchema =
    R"({"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"},)"
    R"("deep":{"type":"object","properties":{"size":{"type":"integer","x-mcp-header":"Size"}}},)"
    R"("dry":{"type":"boolean","x-mcp-header":"Dry"},"plain":{"type":"string"}}})";

class ParamHeadersTest : public ::testing::Test {
 protected:
  static std::string Why(std::string_view property) {
    const auto read = ReadParamHeaders(R"({"properties":{"p":)" + std::string(property) + "}}");
    return read ? "" : read.error().message;
  }
  bool Fits(std::string_view arguments) const {
    const auto wrong = CheckParamHeaders(headers, fields, arguments);
    EXPECT_TRUE(!wrong || wrong->code == kHeaderMismatch);
    return !wrong;
  }
  const ParamHeaders headers = *ReadParamHeaders(kSchema);
  base::http::Fields fields;
};

TEST_F(ParamHeadersTest, ReadsTheAnnotatedProperties) {
  ASSERT_EQ(headers.size(), 3u);
  EXPECT_EQ(headers[0].name, "Mcp-Param-Region");
  EXPECT_EQ(headers[1].path, (std::vector<std::string>{"deep", "size"}));
  EXPECT_EQ(headers[2].type, ParamHeader::Type::kBoolean);
}

TEST_F(ParamHeadersTest, AnAnnotationMustBeAUniqueNameOnAPlainPrimitive) {
  EXPECT_EQ(Why(R"({"type":"string","x-mcp-header":"Ok"})"), "");
  EXPECT_NE(Why(R"({"type":"string","x-mcp-header":""})"), "");
  EXPECT_NE(Why(R"({"type":"string","x-mcp-header":"a b"})"), "");
  EXPECT_NE(Why(R"({"type":"string","x-mcp-header":7})"), "");
  EXPECT_NE(Why(R"({"type":"number","x-mcp-header":"N"})"), "");
  EXPECT_NE(Why(R"({"type":"array","items":{"type":"string","x-mcp-header":"I"}})"), "");
  EXPECT_NE(Why(R"({"anyOf":[{"type":"string","x-mcp-header":"I"}]})"), "");
  EXPECT_NE(Why(R"({"type":"string","x-mcp-header":"A"},"q":{"type":"string","x-mcp-header":"a"})"),
            "");
}

TEST_F(ParamHeadersTest, APropertyMayBearTheAnnotationsName) {
  EXPECT_TRUE(ReadParamHeaders(R"({"properties":{"x-mcp-header":{"type":"object"}}})"));
  EXPECT_TRUE(ReadParamHeaders(R"({"properties":{"p":{"default":{"x-mcp-header":1}}}})"));
}

TEST_F(ParamHeadersTest, HeadersMustSayWhatTheArgumentsSay) {
  fields.Add("mcp-param-region", "eu");
  fields.Add("Mcp-Param-Size", "42");
  EXPECT_TRUE(Fits(R"({"region":"eu","deep":{"size":42.0}})"));
  EXPECT_FALSE(Fits(R"({"region":"us","deep":{"size":42}})"));
  EXPECT_FALSE(Fits(R"({"region":"eu","deep":{"size":43}})"));
  EXPECT_FALSE(Fits(R"({"region":"eu","deep":{"size":42},"dry":true})"));
  EXPECT_FALSE(Fits(R"({"deep":{"size":42}})"));
}

TEST_F(ParamHeadersTest, AnAbsentOrNullArgumentHasNoHeader) {
  EXPECT_TRUE(Fits(R"({"region":null})"));
  EXPECT_TRUE(MakeParamHeaders(headers, R"({"region":null,"plain":"x"})").empty());
}

TEST_F(ParamHeadersTest, AHeaderGivenTwiceNeverFits) {
  fields.Add("Mcp-Param-Region", "eu");
  fields.Add("Mcp-Param-Region", "eu");
  EXPECT_FALSE(Fits(R"({"region":"eu"})"));
}

TEST_F(ParamHeadersTest, Base64IsDecodedBeforeComparing) {
  fields.Add("Mcp-Param-Region", "=?base64?SGVsbG8=?=");
  EXPECT_TRUE(Fits(R"({"region":"Hello"})"));
  EXPECT_FALSE(Fits(R"({"region":"SGVsbG8="})"));
}

TEST_F(ParamHeadersTest, BrokenBase64NeverFits) {
  fields.Add("Mcp-Param-Region", "=?base64?SGVs!!!bG8=?=");
  EXPECT_FALSE(Fits(R"({"region":"Hello"})"));
}

TEST_F(ParamHeadersTest, MakesWhatItWouldAccept) {
  constexpr std::string_view arguments =
      R"({"region":" Gr\u00fc\u00dfe\n","deep":{"size":7},"dry":false})";
  const auto made = MakeParamHeaders(headers, arguments);
  ASSERT_EQ(made.size(), 3u);
  for (const auto& [name, value] : made) fields.Add(name, value);
  EXPECT_TRUE(Fits(arguments));
  EXPECT_EQ(made[1].second, "7");
  EXPECT_EQ(made[2].second, "false");
}

}  // namespace
}  // namespace mcp
