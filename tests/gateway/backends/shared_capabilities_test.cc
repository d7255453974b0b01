#include "gateway/backends/shared_capabilities.h"

#include <gtest/gtest.h>

namespace gateway {
namespace {

TEST(SharedCapabilitiesTest, WhatMeansTheSameIsSpeltTheSame) {
  const std::string spelt = SharedCapabilities(R"({"elicitation":{"form":{}},"sampling":{}})");
  EXPECT_EQ(spelt, R"({"elicitation":{"form":{}},"sampling":{}})");
  EXPECT_EQ(SharedCapabilities(R"({ "sampling" : {"x":1}, "elicitation":{"form":{"y":2}} })"),
            spelt);
}

TEST(SharedCapabilitiesTest, WordsThatMeanNothingToAServerMakeNoDifference) {
  EXPECT_EQ(SharedCapabilities(R"({"experimental":{"n1":{}},"roots":{"listChanged":true}})"),
            R"({"roots":{}})");
  EXPECT_EQ(SharedCapabilities(R"({"anything":1})"), "");
  EXPECT_EQ(SharedCapabilities("{}"), "");
  EXPECT_EQ(SharedCapabilities("7"), "");
}

TEST(SharedCapabilitiesTest, ExtensionsAreKeptSinceServersAdaptToThem) {
  const std::string ui = R"({"extensions":{"io.modelcontextprotocol/ui":{"mimeTypes":["a"]}}})";
  EXPECT_EQ(SharedCapabilities(ui), ui);
}

}  // namespace
}  // namespace gateway
