// Prometheus' text form, version 0.0.4.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace base {

enum class MetricType { kCounter, kGauge };

// One metric without labels: its help, its type and its value.
void AppendMetric(std::string& out, MetricType type, std::string_view name, std::string_view help,
                  std::string_view value);
void AppendGauge(std::string& out, std::string_view name, std::string_view help,
                 std::int64_t value);

}  // namespace base
