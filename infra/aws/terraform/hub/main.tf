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

variable "name" {
  type        = string
  description = "Name of the role that the Curfew broker runs as."
  default     = "curfew-broker"
}

variable "trust_policy" {
  type        = string
  description = "JSON of the role's trust policy: how your platform gives the role to the process (ECS, EKS, EC2)."
}

data "aws_partition" "current" {}

resource "aws_iam_role" "broker" {
  name               = var.name
  description        = "Curfew broker. Assumes roles under /curfew/ and nothing else."
  assume_role_policy = var.trust_policy
}

resource "aws_iam_role_policy" "broker" {
  name = "curfew-broker"
  role = aws_iam_role.broker.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "AssumeCatalogueRoles"
        Effect = "Allow"
        Action = [
          "sts:AssumeRole",
          "sts:SetSourceIdentity",
          "sts:TagSession",
        ]
        Resource = "arn:${data.aws_partition.current.partition}:iam::*:role/curfew/*"
      },
    ]
  })
}

output "broker_role_arn" {
  value = aws_iam_role.broker.arn
}
