# Generated from src/providers/aws/permissions.ts by tools/generate-infra.ts. Do not edit.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

variable "bucket" {
  type        = string
  description = "Name of the bucket for leases and heartbeats; it is made here."
}

variable "broker_role" {
  type        = string
  description = "Name of the broker's role in this account."
  default     = "curfew-broker"
}

variable "code" {
  type        = string
  description = "Path of the zip that node tools/build-sweeper.ts makes."
}

variable "keys" {
  type        = string
  description = "Public keys of the broker, separated by commas; curfew doctor prints them."
}

variable "external_id" {
  type        = string
  description = "The deployment's external id."
}

variable "runtime" {
  type        = string
  description = "Runtime of the function. Versions of the provider that do not know this one know nodejs22.x, which does as well."
  default     = "nodejs24.x"
}

variable "accounts" {
  type        = string
  description = "Accounts whose people get timed policies, separated by commas; empty for none."
  default     = ""
}

variable "people_paths" {
  type        = string
  description = "Paths of identities of people in them, separated by commas, such as people/; empty for none."
  default     = ""
}

variable "identity_center_role_arn" {
  type        = string
  description = "ARN of the role curfew/curfew-sweeper in the account that administers IAM Identity Center; empty where that is this account."
  default     = ""
}

variable "identity_center_region" {
  type        = string
  description = "Region of IAM Identity Center; empty where it is the region of the function."
  default     = ""
}

data "aws_partition" "current" {}

data "aws_caller_identity" "current" {}

resource "aws_s3_bucket" "this" {
  bucket = var.bucket
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket                  = aws_s3_bucket.this.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_iam_role_policy" "leases" {
  name = "curfew-leases"
  role = var.broker_role
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "ListWhatIsCurfews"
        Effect   = "Allow"
        Action   = "s3:ListBucket"
        Resource = "arn:${data.aws_partition.current.partition}:s3:::${var.bucket}"
        Condition = {
          StringLike = {
            "s3:prefix" = [
              "curfew/leases/*",
              "curfew/heartbeats/*",
            ]
          }
        }
      },
      {
        Sid    = "WriteLeases"
        Effect = "Allow"
        Action = [
          "s3:DeleteObject",
          "s3:PutObject",
        ]
        Resource = "arn:${data.aws_partition.current.partition}:s3:::${var.bucket}/curfew/leases/*"
      },
      {
        Sid      = "ReadHeartbeats"
        Effect   = "Allow"
        Action   = "s3:GetObject"
        Resource = "arn:${data.aws_partition.current.partition}:s3:::${var.bucket}/curfew/heartbeats/*"
      },
    ]
  })
}

resource "aws_iam_role" "sweeper" {
  name        = "curfew-sweeper"
  path        = "/curfew/"
  description = "Ends what is overdue while Curfew is gone; may delete what Curfew made, and nothing else."
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          Service = "lambda.amazonaws.com"
        }
        Action = "sts:AssumeRole"
      },
    ]
  })
}

resource "aws_iam_role_policy" "sweeper" {
  name = "curfew-sweeper"
  role = aws_iam_role.sweeper.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "GoToTheAccounts"
        Effect = "Allow"
        Action = [
          "sts:AssumeRole",
          "sts:SetSourceIdentity",
        ]
        Resource = "arn:${data.aws_partition.current.partition}:iam::*:role/curfew/curfew-sweeper"
      },
      {
        Sid      = "ListWhatIsCurfews"
        Effect   = "Allow"
        Action   = "s3:ListBucket"
        Resource = "arn:${data.aws_partition.current.partition}:s3:::${var.bucket}"
        Condition = {
          StringLike = {
            "s3:prefix" = [
              "curfew/leases/*",
            ]
          }
        }
      },
      {
        Sid    = "ReadAndForgetLeases"
        Effect = "Allow"
        Action = [
          "s3:DeleteObject",
          "s3:GetObject",
        ]
        Resource = "arn:${data.aws_partition.current.partition}:s3:::${var.bucket}/curfew/leases/*"
      },
      {
        Sid      = "SayThatItRan"
        Effect   = "Allow"
        Action   = "s3:PutObject"
        Resource = "arn:${data.aws_partition.current.partition}:s3:::${var.bucket}/curfew/heartbeats/*"
      },
    ]
  })
}

resource "aws_iam_role_policy" "log" {
  name = "curfew-log"
  role = aws_iam_role.sweeper.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "WriteItsLog"
        Effect = "Allow"
        Action = [
          "logs:CreateLogStream",
          "logs:PutLogEvents",
        ]
        Resource = "arn:${data.aws_partition.current.partition}:logs:*:${data.aws_caller_identity.current.account_id}:log-group:/aws/lambda/curfew-sweeper:*"
      },
    ]
  })
}

resource "aws_cloudwatch_log_group" "sweeper" {
  name              = "/aws/lambda/curfew-sweeper"
  retention_in_days = 90
}

resource "aws_lambda_function" "sweeper" {
  function_name                  = "curfew-sweeper"
  description                    = "Ends what is overdue while Curfew is gone."
  role                           = aws_iam_role.sweeper.arn
  runtime                        = var.runtime
  handler                        = "index.handler"
  filename                       = var.code
  source_code_hash               = filebase64sha256(var.code)
  timeout                        = 300
  memory_size                    = 256
  reserved_concurrent_executions = 1

  environment {
    variables = {
      CURFEW_SWEEP_KEYS                     = var.keys
      CURFEW_SWEEP_BUCKET                   = aws_s3_bucket.this.id
      CURFEW_SWEEP_ACCOUNTS                 = var.accounts
      CURFEW_SWEEP_PATHS                    = var.people_paths
      CURFEW_SWEEP_IDENTITY_CENTER_ROLE_ARN = var.identity_center_role_arn
      CURFEW_SWEEP_IDENTITY_CENTER_REGION   = var.identity_center_region
      CURFEW_AWS_EXTERNAL_ID                = var.external_id
    }
  }
}

resource "aws_lambda_function_event_invoke_config" "sweeper" {
  function_name                = aws_lambda_function.sweeper.function_name
  maximum_event_age_in_seconds = 60
  maximum_retry_attempts       = 0
}

resource "aws_cloudwatch_event_rule" "every_minute" {
  name                = "curfew-sweeper"
  description         = "Runs the sweeper."
  schedule_expression = "rate(1 minute)"
}

resource "aws_cloudwatch_event_target" "sweeper" {
  rule = aws_cloudwatch_event_rule.every_minute.name
  arn  = aws_lambda_function.sweeper.arn
}

resource "aws_lambda_permission" "every_minute" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.sweeper.function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.every_minute.arn
}

output "sweeper_role_arn" {
  value = aws_iam_role.sweeper.arn
}
