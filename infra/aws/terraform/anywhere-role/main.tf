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
  description = "Name of the role; a catalogue entry calls it curfew/<name>, and its profile curfew-<name>."
}

variable "description" {
  type        = string
  description = "What a machine can do with it."
}

variable "policy" {
  type        = string
  description = "JSON of the permissions of the role."
}

variable "boundary_arn" {
  type        = string
  description = "Permissions boundary under /curfew/: output boundary_arn of the account module."
}

variable "trust_anchor_arn" {
  type        = string
  description = "ARN of the trust anchor: an output of the roles-anywhere module."
}

variable "session_policy" {
  type        = string
  description = "JSON of the session policy where the catalogue entry has sessionPolicy or allows: curfew doctor prints it. Empty: that of an entry without both."
  default     = ""
}

data "aws_partition" "current" {}

data "aws_caller_identity" "current" {}

# Curfew puts policies of its own on this role, curfew-end-…. Never add aws_iam_role_policies_exclusive or inline_policy blocks:
# Terraform would remove them, and sessions would go on after their end.
resource "aws_iam_role" "this" {
  name                 = var.name
  path                 = "/curfew/"
  description          = var.description
  max_session_duration = 3600
  permissions_boundary = var.boundary_arn
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          Service = "rolesanywhere.amazonaws.com"
        }
        Action = [
          "sts:AssumeRole",
          "sts:SetSourceIdentity",
          "sts:TagSession",
        ]
        Condition = {
          ArnEquals = {
            "aws:SourceArn" = var.trust_anchor_arn
          }
          StringEquals = {
            "aws:PrincipalTag/x509SAN/URI" = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/curfew/${var.name}"
          }
          StringLike = {
            "aws:PrincipalTag/x509Subject/CN" = "grt_?*"
            "sts:SourceIdentity"              = "grt_?*"
          }
        }
      },
    ]
  })
}

resource "aws_iam_role_policy" "permissions" {
  name   = "permissions"
  role   = aws_iam_role.this.id
  policy = var.policy
}

resource "aws_rolesanywhere_profile" "this" {
  name             = "curfew-${var.name}"
  enabled          = true
  role_arns        = [aws_iam_role.this.arn]
  duration_seconds = 3600
  session_policy = var.session_policy != "" ? var.session_policy : jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = "*"
        Resource = "*"
      },
      {
        Effect = "Deny"
        NotAction = [
          "iam:Get*",
          "iam:List*",
        ]
        Resource = "arn:${data.aws_partition.current.partition}:iam::*:*/curfew/*"
      },
      {
        Effect = "Deny"
        Action = [
          "sts:Assume*",
          "iam:PassRole",
          "sts:Get*Token",
          "iam:CreateAccessKey",
          "iam:UpdateAccessKey",
          "iam:CreateLoginProfile",
          "iam:UpdateLoginProfile",
          "iam:CreateServiceSpecific*",
          "iam:ResetServiceSpecific*",
          "iam:UploadSSH*",
          "iam:UploadSigning*",
          "signin:*OAuth2*",
        ]
        Resource = "*"
      },
    ]
  })
}

output "arn" {
  value = aws_iam_role.this.arn
}
