//! The address of the topic that people are told by.

use std::str::FromStr;

use super::url::InvalidUrl;

/// The ARN of a topic of Amazon SNS: `arn:aws:sns:eu-west-1:123456789012:NAME`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicArn {
    text: String,
    region: String,
    is_china: bool,
}

impl TopicArn {
    /// The ARN.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The region that the topic is in.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// Where SNS answers for it.
    pub fn endpoint(&self) -> String {
        let end = if self.is_china { ".cn" } else { "" };
        format!("https://sns.{}.amazonaws.com{end}", self.region)
    }
}

impl FromStr for TopicArn {
    type Err = InvalidUrl;

    fn from_str(text: &str) -> Result<Self, InvalidUrl> {
        let is_word =
            |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        let parts: Vec<&str> = text.split(':').collect();
        match parts.as_slice() {
            ["arn", partition, "sns", region, account, name]
                if [partition, region, account, name].iter().all(|part| is_word(part)) =>
            {
                Ok(Self {
                    text: text.to_owned(),
                    region: (*region).to_owned(),
                    is_china: *partition == "aws-cn",
                })
            }
            _ => Err(InvalidUrl::new("it is no ARN of an SNS topic")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_names_its_region_and_where_it_answers() {
        let topic: TopicArn = "arn:aws:sns:eu-west-1:123456789012:alarms".parse().unwrap();
        assert_eq!(
            (topic.region(), topic.endpoint().as_str()),
            ("eu-west-1", "https://sns.eu-west-1.amazonaws.com")
        );
        let topic: TopicArn = "arn:aws-cn:sns:cn-north-1:123456789012:alarms".parse().unwrap();
        assert_eq!(topic.endpoint(), "https://sns.cn-north-1.amazonaws.com.cn");
    }

    #[test]
    fn what_is_no_topic_is_refused() {
        for wrong in [
            "",
            "alarms",
            "arn:aws:sqs:eu-west-1:1:alarms",
            "arn:aws:sns:eu-west-1:1:a b",
            "arn:aws:sns:a/b:1:x",
        ] {
            assert!(wrong.parse::<TopicArn>().is_err(), "{wrong}");
        }
    }
}
